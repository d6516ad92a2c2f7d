# The life of a package on a machine with SysV init, in runlevel 2; the service really runs.
set -e
cd /tmp/packages
step() { echo "== $*"; step=$*; : >/tmp/calls; }
check() { "$@" || { echo "FAILED after $step: $*"; cat /tmp/calls /tmp/output; exit 1; }; }
not() { ! "$@"; }
pid() { cat /run/demo.pid 2>/dev/null; }
active() { pid >/dev/null && kill -0 "$(pid)" 2>/dev/null; }
dpkg() { command dpkg "$@" >/tmp/output 2>&1 || { cat /tmp/output; return 1; }; }

printf '#!/bin/sh\necho N 2\n' >/usr/local/bin/runlevel
chmod +x /usr/local/bin/runlevel
rm -f /sbin/runlevel /usr/sbin/runlevel
cp /usr/local/bin/runlevel /usr/sbin/runlevel
# What an administrator of such a machine has.
for level in 0 1 2 3 4 5 6 S; do mkdir -p "/etc/rc$level.d"; done

step first installation
dpkg -i demo_1.0.0-1_amd64.deb
check active
check ls /etc/rc2.d/S*demo >/dev/null

step upgrade of a running service
old=$(pid)
dpkg -i demo_1.1.0-1_amd64.deb
check active
check test "$(pid)" != "$old"
check not kill -0 "$old" 2>/dev/null

step upgrade of a stopped but enabled service
/etc/init.d/demo stop
dpkg -i demo_1.2.0-1_amd64.deb
check not active

step upgrade of a running but disabled service
update-rc.d demo disable >/dev/null 2>&1
/etc/init.d/demo start
old=$(pid)
dpkg -i demo_1.1.0-1_amd64.deb
check active
check test "$(pid)" != "$old"

step a removal that fails
: >/tmp/fail-prerm
! command dpkg -r demo >/tmp/output 2>&1
rm /tmp/fail-prerm
check active
update-rc.d demo enable >/dev/null 2>&1

step removal
dpkg -r demo
check not active

step installation after a removal
dpkg -i demo_1.1.0-1_amd64.deb
check active

step purge
dpkg -P demo
check not active
check test -z "$(ls /etc/rc?.d | grep demo)"
check test ! -e /etc/init.d/demo

step installation where policy-rc.d forbids it to start
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod +x /usr/sbin/policy-rc.d
dpkg -i demo_1.0.0-1_amd64.deb
check not active
echo "== done"
