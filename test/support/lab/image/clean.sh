#!/bin/bash
# Leaves nothing in an image that tells of how it was made, and nothing that two hosts may not share.
# Runs inside the root, with no service running.
set -euo pipefail
rm -f /etc/ssh/ssh_host_* /home/deploy/.ssh/authorized_keys /var/lib/dbus/machine-id
# Empty, not missing: a missing one makes the next boot a first boot, which enables every unit of every package.
: > /etc/machine-id
rm -rf /var/log/journal/* /var/lib/systemd/random-seed /var/lib/systemd/timers /var/tmp/* /tmp/* /root/.bash_history
find /var/log -type f ! -name README -exec truncate -s 0 {} +
rm -rf /var/cache/apt/* /var/lib/apt/lists/*
