#!/bin/bash
# The last touches before a machine that is up is put away. Runs in the booted machine, before any of Nova's services.
set -euo pipefail
# As it is delivered: labels that are there and say that all capacity is free. Without them one namespace holds all.
modprobe nd_pmem
ndctl disable-region all 2> /dev/null
ndctl init-labels all 2> /dev/null
ndctl enable-region all 2> /dev/null
# libvirt starts it with the first guest; every host that has been in use has it.
systemctl start virtlogd
