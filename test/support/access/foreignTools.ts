import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { LabHost } from "../lab/labHost";
import { run } from "../lab/process";

/** Shells that a light host lacks, with their libraries; and whose words are to be foreign. */
const shells = ["fish", "fish-common", "libpcre2-32-0", "tcsh", "zsh", "zsh-common", "busybox-static"];
const translated = ["locales", "coreutils", "util-linux-locales", "sudo", "libpam-runtime"];
const languages = ["de", "ja"];
const locales = ["de_DE", "ja_JP"];

/**
 * Gives a host other login shells, busybox as /usr/local/bin/ash, and German and Japanese with the translations of its
 * tools: unpacked from the machine's own package sources, since the image has neither.
 */
export async function addForeignTools(host: LabHost): Promise<void> {
  const folder = await unpacked();
  // The links of a merged /usr must not be replaced by folders.
  await run("cp", ["-a", "--no-target-directory", join(folder, "root"), host.rootDirectory], { seconds: 120 });
  await host.succeed("ldconfig; ln -s /usr/bin/busybox /usr/local/bin/ash; locale -a | grep ja_JP.utf8 >/dev/null");
}

async function unpacked(): Promise<string> {
  const name = createHash("sha256")
    .update(JSON.stringify([shells, translated, languages, locales]))
    .digest("hex");
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "pulumi-hostmem");
  const folder = join(cache, `foreign-tools-${name.slice(0, 12)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const draft = mkdtempSync(join(cache, "foreign-tools-draft-"));
  await run("sh", ["-ec", unpackScript, "sh", draft, shells.join(" "), translated.join(" ")], { seconds: 600 });
  try {
    renameSync(draft, folder);
  } catch {
    rmSync(draft, { recursive: true }); // another run was faster
  }
  return folder;
}

const unpackScript = `
cd "$1"
mkdir packages shells translated root root/usr root/usr/bin root/usr/share root/usr/share/locale root/usr/lib root/usr/lib/locale
chmod 755 . root
cd packages
apt-get -qq -o APT::Sandbox::User=root download $2 $3
for name in $2; do dpkg-deb -x "$name"_*.deb ../shells; done
for name in $3; do dpkg-deb -x "$name"_*.deb ../translated; done
cd ..
[ ! -d shells/bin ] || { cp -a shells/bin/. root/usr/bin/; rm -r shells/bin; }
[ ! -d shells/lib ] || { cp -a shells/lib/. root/usr/lib/; rm -r shells/lib; }
rm -rf shells/usr/share/doc shells/usr/share/man shells/usr/share/info
cp -a shells/usr/. root/usr/
for language in ${languages.join(" ")}; do cp -a "translated/usr/share/locale/$language" root/usr/share/locale/; done
for locale in ${locales.join(" ")}; do
  I18NPATH=translated/usr/share/i18n localedef -i "$locale" -f UTF-8 "root/usr/lib/locale/$locale.utf8" || [ -e "root/usr/lib/locale/$locale.utf8/LC_CTYPE" ]
done
rm -r packages shells translated`;
