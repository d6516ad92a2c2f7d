#!/bin/busybox sh
# Process 1 until the disk is there: loads what the disk and the agent's port need, and hands over to the disk.
busybox mount -t devtmpfs dev /dev
busybox mount -t proc proc /proc
exec </dev/console >/dev/console 2>&1
busybox modprobe -a virtio_pci virtio_blk virtio_console
while ! [ -b /dev/vda ]; do busybox sleep 0.1; done
busybox mount -t ext4 /dev/vda /root
busybox mount -o move /dev /root/dev
busybox mount -o move /proc /root/proc
exec busybox switch_root /root /sbin/init
