import { startTags } from "./guestPages";

/** A device of persistent memory, as libvirt gives it to the guest. */
export interface GuestNvdimm {
  /** `/dev/dax0.1`. */
  path: string;
  sizeKib: number;
  /** Undefined where libvirt leaves it to QEMU. */
  alignmentKib?: number;
}

/** What of a guest decides where it can live migrate, beside its memory and pages. All of it is left out where it is not there. */
export interface GuestDevices {
  /** Nova's id of the guest, and the name that its owner gave it; undefined for a guest that is not Nova's. */
  nova?: { id: string; name: string };
  nvdimms?: GuestNvdimm[];
  /** hw:pmem of its flavor, where Nova writes down what flavors say. */
  pmemRequest?: string;
  /** A Manila share is attached, or something else by virtiofs. */
  hasShares?: true;
  /** Its memory is encrypted (SEV). */
  isEncrypted?: true;
  /** Its pages are never merged, as Nova has it for real-time guests, which it locks into RAM as well. */
  isUnmerged?: true;
}

/** What of a guest's XML is about these, as an extended regular expression. */
export const deviceElements =
  "uuid>|nova:instance |nova:name>|nova:extraSpec name=.hw:pmem|/memory>|size unit=|alignsize unit=|driver type=.virtiofs|launchSecurity type=|nosharepages";

/** @param textOf makes text of what stands between two tags. */
export function parseGuestDevices(xml: string, textOf: (written: string) => string): GuestDevices {
  const id = /<uuid>([^<]*)<\/uuid>/.exec(xml)?.[1];
  const title = /<nova:name>([^<]*)<\/nova:name>/.exec(xml)?.[1];
  const nvdimms = parseNvdimms(xml, textOf);
  const request = /<nova:extraSpec name=['"]hw:pmem['"]>([^<]*)</.exec(xml)?.[1];
  return {
    ...(id !== undefined && xml.includes("<nova:instance ") ? { nova: { id, name: textOf(title ?? "") } } : {}),
    ...(nvdimms.length > 0 ? { nvdimms } : {}),
    ...(request === undefined ? {} : { pmemRequest: textOf(request) }),
    ...(startTags(xml, "driver").some((tag) => /\btype=['"]virtiofs['"]/.test(tag)) ? { hasShares: true } : {}),
    ...(startTags(xml, "launchSecurity").some((tag) => /\btype=['"]sev/.test(tag)) ? { isEncrypted: true } : {}),
    ...(xml.includes("<nosharepages") ? { isUnmerged: true } : {}),
  };
}

/** The first size in a device is that of the device, and a second one that of its label area. */
function parseNvdimms(xml: string, textOf: (written: string) => string): GuestNvdimm[] {
  return xml
    .split("<memory model=")
    .slice(1)
    .filter((rest) => /^['"]nvdimm['"]/.test(rest))
    .flatMap((rest) => {
      const device = rest.split("</memory>", 1)[0]!;
      const path = /<path>(\/dev\/dax[^<]*)<\/path>/.exec(device)?.[1];
      const size = /<size unit=['"]KiB['"]>(\d+)</.exec(device)?.[1];
      const alignment = /<alignsize unit=['"]KiB['"]>(\d+)</.exec(device)?.[1];
      if (path === undefined || size === undefined) return [];
      const known = { path: textOf(path), sizeKib: Number(size) };
      return [alignment === undefined ? known : { ...known, alignmentKib: Number(alignment) }];
    });
}
