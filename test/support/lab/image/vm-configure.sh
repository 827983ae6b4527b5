#!/bin/bash
# What a machine has and a container lacks: a boot of its own, udev, a network to set up. Runs inside the new root.
set -euo pipefail

# Without these two files of common.sh udev does here what it does on any machine.
rm -r /usr/lib/systemd/system/systemd-udev-trigger.service.d
cat > /usr/lib/udev/rules.d/99-zz-hostmem-lab.rules << 'END'
SUBSYSTEM=="block", ENV{DEVTYPE}=="disk", ENV{ID_SERIAL}=="HOSTMEM_LAB_0001", SYMLINK+="hostmem-disk0"
SUBSYSTEM=="block", ENV{DEVTYPE}=="disk", ENV{ID_SERIAL}=="HOSTMEM_LAB_0002", SYMLINK+="hostmem-disk1"
SUBSYSTEM=="block", ENV{DEVTYPE}=="disk", ENV{ID_SERIAL}=="HOSTMEM_LAB_0003", SYMLINK+="hostmem-disk2"
SUBSYSTEM=="block", ENV{DEVTYPE}=="disk", ENV{ID_SERIAL}=="HOSTMEM_LAB_0004", SYMLINK+="hostmem-disk3"
END
echo 'LABEL=hostmem-root / ext4 errors=remount-ro 0 1' > /etc/fstab

# ---- the boot: the kernel unpacked, and an initramfs of the few modules the root disk needs
install -d /boot/lab
python3 /lab/vm-kernel.py > /boot/lab/kernel
release=$(basename /lib/modules/*)
tree=$(mktemp -d)
mkdir -p "$tree"/{bin,dev,modules,root}
cp /bin/busybox "$tree/bin/busybox"
install -m 755 /lab/vm-init.sh "$tree/init"
modprobe --set-version "$release" --show-depends --all virtio_pci virtio_blk ext4 crc32c_generic |
  awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r module; do
    cp "$module" "$tree/modules/"
    basename "$module" >> "$tree/modules/order"
  done
(cd "$tree" && find . | busybox cpio -o -H newc 2> /dev/null) > /boot/lab/initrd
rm -r "$tree"

# ---- the network: its address comes from who starts the machine
cat > /usr/local/sbin/lab-network << 'END'
#!/bin/sh
modprobe virtio_net
ip link set lo up
# There is none as long as the machine is nobody's.
address=$(cat /etc/lab-address) || exit 0
ip address flush dev eth0
ip address add "$address/30" dev eth0
ip link set eth0 up
ip route replace default via "$(echo "$address" | sed 's/2$/1/')"
END
cat > /etc/systemd/system/lab-network.service << 'END'
[Unit]
Description=Lab: the address
DefaultDependencies=no
Wants=network.target
Before=network.target
After=systemd-sysctl.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh /usr/local/sbin/lab-network
[Install]
WantedBy=multi-user.target
END
install -m 755 /lab/vm-agent.py /usr/local/sbin/lab-agent
cat > /etc/systemd/system/lab-agent.service << 'END'
[Unit]
Description=Lab: commands of the machine that runs this one
DefaultDependencies=no
# Also there when systemd falls back to its emergency mode.
IgnoreOnIsolate=yes
[Service]
ExecStart=/usr/local/sbin/lab-agent
Restart=always
[Install]
WantedBy=sysinit.target
END
systemctl enable lab-network lab-agent 2> /dev/null
# It fails where the NVDIMM sends no notifications, which an emulated one does not.
systemctl disable ndctl-monitor 2> /dev/null
# For the template's sshd alone; every host gets keys of its own.
ssh-keygen -q -A
systemctl mask serial-getty@ttyS0.service getty@.service 2> /dev/null
