#!/bin/bash
# What every lab host has, whatever its kind: a user for the login, no noise from timers, stable device names.
# Runs inside the new root, with no service running.
set -euo pipefail

useradd --create-home --shell /bin/bash deploy
install -d -m 700 -o deploy -g deploy /home/deploy/.ssh
echo 'deploy ALL=(ALL:ALL) NOPASSWD: ALL' > /etc/sudoers.d/deploy
chmod 440 /etc/sudoers.d/deploy

# The files of the base system that mmdebstrap took from the machine it ran on.
: > /etc/resolv.conf
echo lab > /etc/hostname
chmod 644 /etc/hostname
printf '127.0.0.1\tlocalhost\n127.0.1.1\tlab\n::1\tlocalhost ip6-localhost ip6-loopback\n' > /etc/hosts

# Work that a timer does at its own time would show up in what a test compares.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
  fstrim.timer logrotate.timer man-db.timer systemd-pstore.service getty@tty1.service; do
  systemctl disable "$unit" 2> /dev/null || true
done
# The host's network namespace comes with its addresses; nothing inside has to configure or await it.
systemctl mask systemd-networkd.service systemd-networkd-wait-online.service networking.service \
  console-getty.service systemd-tmpfiles-clean.timer 2> /dev/null

# The spare disks' names. Disks of the machine and of other hosts are left alone: their events arrive here as well, but
# their nodes do not exist.
cat > /usr/lib/udev/rules.d/99-zz-hostmem-lab.rules << 'END'
SUBSYSTEM!="block", GOTO="end"
TEST!="/dev/%k", TAG-="systemd", SYMLINK="", GOTO="end"
ATTR{loop/backing_file}=="*/disks/disk0", SYMLINK+="hostmem-disk0 disk/by-id/nvme-HOSTMEM_LAB_0001"
ATTR{loop/backing_file}=="*/disks/disk1", SYMLINK+="hostmem-disk1 disk/by-id/nvme-HOSTMEM_LAB_0002"
LABEL="end"
END
# udevadm ends at the first device whose events it may not ask for; these are the ones it may.
install -d /usr/lib/systemd/system/systemd-udev-trigger.service.d
cat > /usr/lib/systemd/system/systemd-udev-trigger.service.d/hostmem-lab.conf << 'END'
[Service]
ExecStart=
ExecStart=/bin/sh -c 'for disk in /dev/loop[0-9]*; do echo add > "/sys/devices/virtual/block/$${disk##*/}/uevent"; done'
END
