import { strict as assert } from "node:assert";
import { parseGuestDevices } from "../../../provider/core/facts/guestDevices";
import { interestingLines } from "../../../provider/core/facts/guests";

/** As libvirt formats a guest that Nova made with two devices of persistent memory and a share. */
const xml = `<domain type='kvm' id='3'>
  <name>instance-0000001a</name>
  <uuid>5f0a2cf2-1f0a-4d0e-9f3b-8d2c6c1f7a01</uuid>
  <metadata>
    <nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1">
      <nova:package version="31.0.0"/>
      <nova:name>R&amp;D &lt;1&gt;</nova:name>
      <nova:flavor name="m1.pmem">
        <nova:extraSpecs>
          <nova:extraSpec name="hw:pmem">6GB,MEDIUM</nova:extraSpec>
        </nova:extraSpecs>
      </nova:flavor>
    </nova:instance>
  </metadata>
  <memory unit='KiB'>8388608</memory>
  <memoryBacking>
    <nosharepages/>
    <locked/>
  </memoryBacking>
  <devices>
    <filesystem type='mount' accessmode='passthrough'>
      <driver type='virtiofs'/>
    </filesystem>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/>
    </disk>
    <memory model='dimm'>
      <target>
        <size unit='KiB'>7</size>
      </target>
    </memory>
    <memory model='nvdimm' access='shared'>
      <source>
        <path>/dev/dax0.0</path>
        <alignsize unit='KiB'>2048</alignsize>
        <pmem/>
      </source>
      <target>
        <size unit='KiB'>6291456</size>
        <node>0</node>
        <label>
          <size unit='KiB'>2048</size>
        </label>
      </target>
    </memory>
    <memory model='nvdimm' access='shared'>
      <source>
        <path>/dev/dax0.1</path>
      </source>
      <target>
        <size unit='KiB'>1048576</size>
      </target>
    </memory>
  </devices>
  <launchSecurity type='sev'>
    <policy>0x0033</policy>
  </launchSecurity>
</domain>
`;
const read = (text: string) => parseGuestDevices(text, (written) => written.replace("&amp;", "&"));
const interesting = new RegExp(interestingLines.replaceAll("[[:space:]]", "\\s"));

describe("what of a guest decides where it can go", () => {
  const all = {
    nova: { id: "5f0a2cf2-1f0a-4d0e-9f3b-8d2c6c1f7a01", name: "R&D &lt;1&gt;" },
    nvdimms: [
      { path: "/dev/dax0.0", sizeKib: 6291456, alignmentKib: 2048 },
      { path: "/dev/dax0.1", sizeKib: 1048576 },
    ],
    pmemRequest: "6GB,MEDIUM",
    hasShares: true,
    isEncrypted: true,
    isUnmerged: true,
  };

  it("is read from its XML", () => {
    assert.deepEqual(read(xml), all);
  });

  it("is all in the lines that are looked at", () => {
    const lines = xml.split("\n").filter((line) => interesting.test(line));
    assert.ok(lines.length < 40, `${lines.length} lines`);
    assert.deepEqual(read(lines.join("\n")), all);
  });

  it("is nothing for a guest that has none of it", () => {
    assert.deepEqual(
      read(
        "<domain><name>a</name><uuid>b</uuid><memory unit='KiB'>1</memory>\n<launchSecurity type='s390-pv'/></domain>",
      ),
      {},
    );
  });

  it("is read of text that ends in the middle", () => {
    for (let length = 0; length < xml.length; length += 7) assert.doesNotThrow(() => read(xml.slice(0, length)));
  });
});
