# What both lifecycles begin with: run inside `unshare -mpf` with the folder of packages as $1, this folder as $2 and
# the lifecycle's name as $3. It makes a throw-away copy of this machine and goes on in it.
set -e
folder=$1
mkdir "$folder/over"
mount --make-rprivate /
mount -t tmpfs tmpfs "$folder/over"
mkdir "$folder/over/upper" "$folder/over/work" "$folder/over/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/over/upper,workdir=$folder/over/work" "$folder/over/root"
root=$folder/over/root
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mkdir "$root/tmp/packages"
cp "$folder"/*.deb "$root/tmp/packages"
cp "$2/$3.sh" "$root/tmp/lifecycle"
rm -f "$root/usr/sbin/policy-rc.d"
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive chroot "$root" /bin/sh /tmp/lifecycle
