#!/bin/busybox sh
# The first process of a lab machine: finds the root disk, leaves the rest to systemd. A distribution's own initramfs
# looks for arrays, volume groups and encrypted disks first, which takes an emulated processor most of its boot.
/bin/busybox mount -t devtmpfs none /dev
for module in $(/bin/busybox cat /modules/order); do
  /bin/busybox insmod "/modules/$module"
done
until [ -b /dev/vda ]; do /bin/busybox usleep 10000; done
/bin/busybox mount -t ext4 -o ro /dev/vda /root || exec /bin/busybox sh
exec /bin/busybox switch_root /root /sbin/init
