import { type Account, sudoWith } from "./accounts";

const sshdConfig = "/etc/ssh/sshd_config.d/trial.conf";
const sshd = (line: string) => ({
  begin: `printf '%s\\n' '${line}' >${sshdConfig}; systemctl reload ssh`,
  end: `rm ${sshdConfig}; systemctl reload ssh`,
});

/** What is really from busybox, and not from util-linux or procps, on a host that has it in coreutils' place. */
const busybox = `
for tool in awk base64 basename cat chgrp chmod chown cp cut date dd df dirname du env expr find grep head id install \\
  ln ls mkdir mknod mktemp mv od printf readlink realpath rm rmdir sed seq sha256sum sleep sort stat sync tail tee test \\
  touch tr true uname uniq wc xargs dash; do
  path=$(type -P "$tool"); path=$(/usr/bin/busybox readlink -f "$path")
  mount --bind /usr/bin/busybox "$path"; echo "$path"
done >/run/busybox-places
stat --help 2>&1 | grep BusyBox >/dev/null; sh --help 2>&1 | grep BusyBox >/dev/null`;

/** States of a whole host: its tools, its file systems, its sshd, its sudo. */
export const hostWays: readonly Account[] = [
  {
    name: "busybox as sh and coreutils",
    shell: "/usr/local/bin/ash",
    during: {
      begin: busybox,
      end: 'while read -r path; do umount --lazy "$path"; done </run/busybox-places; rm /run/busybox-places',
    },
  },
  {
    name: "/tmp noexec, /var/tmp and /dev/shm, too",
    during: {
      begin: "for place in /tmp /var/tmp /dev/shm; do mount -t tmpfs -o noexec,nosuid,nodev none $place; done",
      end: "for place in /tmp /var/tmp /dev/shm; do umount $place; done",
    },
  },
  {
    name: "/tmp read-only",
    during: { begin: "mount -t tmpfs -o ro none /tmp", end: "umount /tmp" },
  },
  {
    name: "/var/lib read-only",
    during: { begin: "mount --bind /var/lib /var/lib; mount -o remount,bind,ro /var/lib", end: "umount /var/lib" },
    refused: {
      kind: "failed",
      says: /cannot write to \/var\/lib\/hostmem; nothing was changed[\s\S]*Read-only file system/,
    },
  },
  {
    name: "/var/lib full",
    during: { begin: "mount -t tmpfs -o nr_inodes=1 none /var/lib", end: "umount /var/lib" },
    refused: { kind: "failed", says: /cannot write to \/var\/lib\/hostmem; nothing was changed[\s\S]*No space left/ },
  },
  {
    name: "a German systemd",
    during: {
      begin: "systemctl set-environment LANG=de_DE.UTF-8 LC_ALL=de_DE.UTF-8 LANGUAGE=de",
      end: "systemctl unset-environment LANG LC_ALL LANGUAGE",
    },
  },
  {
    name: "a Japanese host",
    during: {
      begin: "printf 'LANG=ja_JP.UTF-8\\nLC_ALL=ja_JP.UTF-8\\n' >/etc/default/locale",
      end: "rm /etc/default/locale",
    },
    password: "pw 4711",
    sudoers: ['Defaults:USER env_keep += "LANG LC_ALL LANGUAGE"', "USER ALL=(ALL) ALL"],
    become: sudoWith("pw 4711"),
  },
  {
    name: "a banner that speaks as ssh does",
    during: {
      begin: `printf '%s\\n' 'Host key verification failed.' 'Permission denied (none).' 'sudo: a password is required' '\u001b]0;title\u0007' >/etc/issue.trial
        printf 'Banner /etc/issue.trial\\n' >${sshdConfig}; systemctl reload ssh`,
      end: `rm ${sshdConfig} /etc/issue.trial; systemctl reload ssh`,
    },
  },
  {
    name: "a message of the day from PAM",
    during: {
      begin: `cp /etc/pam.d/sshd /root/pam; echo 'session optional pam_exec.so stdout /bin/echo Welcome' >>/etc/pam.d/sshd; echo 'Have a nice day' >/etc/motd`,
      end: "cp /root/pam /etc/pam.d/sshd; rm /root/pam /etc/motd",
    },
  },
  { name: "sshd with one session a connection", during: sshd("MaxSessions 1") },
  {
    name: "sshd without sessions",
    during: sshd("MaxSessions 0"),
    seconds: 3,
    refused: { kind: "unexpected", says: /opens no session[\s\S]*MaxSessions/ },
  },
  { name: "sshd without terminals and forwarding", during: sshd("PermitTTY no\nDisableForwarding yes") },
  {
    name: "sshd that serves files alone",
    during: sshd("ForceCommand internal-sftp"),
    refused: { kind: "unexpected", says: /did not start sh[\s\S]*forced command/ },
  },
  {
    name: "sshd that does not know the user",
    during: sshd("AllowUsers somebody-else"),
    refused: { kind: "authentication", says: /refused every credential[\s\S]*sshd's log/ },
  },
  {
    name: "a host that is still booting",
    during: {
      begin:
        "echo 'System is booting up. Unprivileged users are not permitted to log in yet. Please come back later.' >/run/nologin",
      end: "rm -f /run/nologin",
    },
    refused: { kind: "unreachable", says: /System is booting up[\s\S]*nologin/ },
  },
  {
    name: "sudo that lost its setuid bit",
    during: { begin: "chmod u-s /usr/bin/sudo", end: "chmod 4755 /usr/bin/sudo" },
    refused: { kind: "become", says: /sudo failed.*setuid bit[\s\S]*sudo -n true/ },
  },
  {
    name: "sudoers that cannot be read",
    during: {
      begin:
        "echo 'no rule at all' >/etc/sudoers.d/aaa; chmod 440 /etc/sudoers.d/aaa; mv /etc/sudoers /root/; echo garbage >/etc/sudoers; chmod 440 /etc/sudoers",
      end: "rm /etc/sudoers.d/aaa; mv /root/sudoers /etc/sudoers",
    },
    refused: { kind: "become", says: /sudo.*\n.*sudo/ },
  },
  {
    name: "no sudo",
    during: { begin: "mv /usr/bin/sudo /root/", end: "mv /root/sudo /usr/bin/" },
    refused: { kind: "become", says: /there is no sudo[\s\S]*Install sudo/ },
  },
];
