# The life of a package on a machine that systemd runs. systemd itself is played by a script that keeps whether the
# service is active in /tmp/active and asks the real systemctl whatever concerns files.
set -e
cd /tmp/packages
step() { echo "== $*"; step=$*; : >/tmp/calls; }
check() { "$@" || { echo "FAILED after $step: $*"; cat /tmp/calls; exit 1; }; }
not() { ! "$@"; }
active() { test -e /tmp/active; }
called() { grep -qx -- "$1" /tmp/calls; }
enabled() { test "$(systemctl is-enabled demo.service 2>/dev/null)" = enabled; }
status() { test "$(dpkg-query -W -f '${Status} ${Version}' demo)" = "$1"; }
dpkg() { command dpkg "$@" >/tmp/output 2>&1 || { cat /tmp/output; return 1; }; }
fails() { ! command dpkg "$@" >/tmp/output 2>&1; }
# What a package could leave behind; the machine below the copy lives on, so not everything there is.
files() {
    find /etc /var/lib/misc /var/lib/systemd \( -name 'passwd*' -o -name 'group*' -o -name 'shadow*' -o -name 'gshadow*' \
        -o -name 'sub?id*' -o -name '.pwd.lock' -o -name '*.db' \) -prune -o -printf '%p %y %m %U:%G %l\n' | sort
    find /usr /var -xdev -path /var/lib/dpkg -prune -o -path '*demo*' -cnewer /tmp/lifecycle -print | sort
}

mkdir -p /run/systemd/system /var/lib/misc
cat >/usr/local/bin/systemctl <<'END'
#!/bin/sh
action=
for word in "$@"; do
    case $word in
    -*) ;;
    *) [ -n "$action" ] || action=$word ;;
    esac
done
echo "$action" >>/tmp/calls
case $action in
start | restart) [ ! -e /tmp/broken ] || exit 1; : >/tmp/active ;;
try-restart) [ ! -e /tmp/active ] || echo restarted >>/tmp/calls ;;
stop) rm -f /tmp/active ;;
is-active) if [ -e /tmp/active ]; then echo active; else echo inactive; exit 3; fi ;;
is-enabled | preset | enable | disable | mask | unmask) exec /usr/bin/systemctl --root=/ "$@" ;;
esac
END
chmod +x /usr/local/bin/systemctl
files >/tmp/before

step first installation
dpkg -i demo_1.0.0-1_amd64.deb
check active
check enabled
check status "install ok installed 1.0.0-1"
check getent passwd demo >/dev/null
check test "$(stat -c %a:%U:%G /var/lib/demo)" = 750:demo:demo
check test "$(stat -c %a:%U:%G /etc/demo/secret.toml)" = 640:root:demo
check test "$(stat -c %a:%U:%G /usr/lib/demo/helper)" = 4755:demo:root
check test -z "$(ls /var/lib/misc | grep demo)"
command dpkg --verify demo
echo unsent >/var/lib/demo/queue

step upgrade of a running service
echo edited >/etc/demo/config.toml
dpkg -i demo_1.1.0-1_amd64.deb
check called restarted
check not called stop
check grep -q edited /etc/demo/config.toml
check test "$(stat -c %a:%U:%G /usr/lib/demo/helper)" = 4755:demo:root

step upgrade of a stopped but enabled service
systemctl stop demo.service
dpkg -i demo_1.2.0-1_amd64.deb
check not active
check enabled

step upgrade of a running but disabled service
systemctl disable demo.service 2>/dev/null
systemctl start demo.service
dpkg -i demo_1.1.0-1_amd64.deb
check active
check called restarted
check not enabled

step an upgrade that fails
: >/tmp/fail-preinst
check fails -i demo_1.2.0-1_amd64.deb
rm /tmp/fail-preinst
check status "install ok installed 1.1.0-1"
check active
check not called restarted

step a removal that fails
: >/tmp/fail-prerm
check fails -r demo
rm /tmp/fail-prerm
check status "deinstall ok installed 1.1.0-1"
check called stop
check active
check test -z "$(ls /var/lib/misc | grep demo)"

step removal
systemctl enable demo.service 2>/dev/null
dpkg -r demo
check not active
check status "deinstall ok config-files 1.1.0-1"
check test -e /var/lib/demo/queue
check grep -q edited /etc/demo/config.toml
check test "$(systemctl is-enabled demo.service 2>/dev/null)" = masked

step installation after a removal
dpkg -i demo_1.1.0-1_amd64.deb
check active
check enabled
check grep -q edited /etc/demo/config.toml
check test -e /var/lib/demo/queue
check test -z "$(ls /var/lib/misc | grep demo)"

step installation that fails after a removal
dpkg -r demo
: >/tmp/fail-postinst
check fails -i demo_1.2.0-1_amd64.deb
check status "install ok half-configured 1.2.0-1"
rm /tmp/fail-postinst
dpkg --configure demo
check active
check status "install ok installed 1.2.0-1"

step a service that does not start
: >/tmp/broken
dpkg -r demo
dpkg -i demo_1.0.0-1_amd64.deb
check not active
check status "install ok installed 1.0.0-1"
rm /tmp/broken

step purge
touch /etc/default/demo /etc/demo/mine.conf
mkdir -p /etc/demo/credentials
touch /etc/demo/credentials/token
dpkg -P demo
check getent passwd demo >/dev/null
files >/tmp/after
check diff /tmp/before /tmp/after

step a first installation that fails
: >/tmp/fail-postinst
check fails -i demo_1.0.0-1_amd64.deb
rm /tmp/fail-postinst
dpkg -i demo_1.1.0-1_amd64.deb
check active
dpkg -P demo
files >/tmp/after
check diff /tmp/before /tmp/after

step a first installation refused by preinst
: >/tmp/fail-preinst
check fails -i demo_1.0.0-1_amd64.deb
rm /tmp/fail-preinst
files >/tmp/after
check diff /tmp/before /tmp/after
echo "== done"
