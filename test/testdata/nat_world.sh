#!/bin/bash
# A world in network namespaces around a NAT instance, which is this one: a router as in a VPC, which sends what comes from the
# task to the NAT instance's interface, and what comes from there to the internet; and an internet that knows the instance's
# address only. Runs $1, the instance's script, with stand-ins for the commands that need AWS or D-Bus, and then asks a server
# on the internet, which $2 has, who the task is. $3 is how often the script's request is repeated.
# It needs a network, mounts and processes of its own: unshare --net --mount --pid --fork --kill-child
set -euo pipefail
for own in /run /opt /etc/systemd /etc/sysctl.d; do mount -t tmpfs none $own; done
mount -t sysfs -o ro none /sys # so that systemd-networkd waits for no udev
mkdir -p /opt/aws/bin /opt/stand-ins /etc/systemd/network /run/systemd/network /run/systemd/netif /run/netns

for name in router task internet; do ip netns add $name; done
ip link set lo up
connect() { # namespace, its address in the router's range, the router's address
  ip link add ens5 netns "$1" type veth peer name "$1" netns router
  ip -n "$1" address add "$2" dev ens5; ip -n "$1" link set ens5 up; ip -n "$1" link set lo up
  ip -n router address add "$3" dev "$1"; ip -n router link set "$1" up
}
connect task 10.0.128.5/20 10.0.128.1/20
connect internet 203.0.113.9/24 203.0.113.1/24
ip link add ens5 type veth peer name nat netns router
ip address add 10.0.0.10/20 dev ens5; ip link set ens5 up; ip route add default via 10.0.0.1
ip -n router address add 10.0.0.1/20 dev nat; ip -n router link set nat up
ip -n task route add default via 10.0.128.1
ip -n internet route add 10.0.0.10 via 203.0.113.1
ip netns exec router sysctl --quiet net.ipv4.ip_forward=1
ip -n router rule add iif task lookup 100
ip -n router route add default via 10.0.0.10 table 100

SERVE=203.0.113.9:80 ip netns exec internet "$2" -test.run '^TestNATWorldsServer$' >/dev/null &
ip netns exec internet curl --silent --retry 60 --retry-connrefused --retry-delay 1 --output /dev/null http://203.0.113.9

cat >/opt/stand-ins/networkctl <<END
#!/bin/bash
$(ls /usr/lib/systemd/systemd-networkd /lib/systemd/systemd-networkd 2>/dev/null | head -1) >/dev/null 2>&1 &
END
cat >/opt/stand-ins/curl <<END
#!/bin/bash
exec $(command -v curl) "\${@:1:\$#-1}" --retry $3 --retry-delay 1 --connect-timeout 1 --fail http://203.0.113.9
END
printf '#!/bin/bash\necho "signal: $*"\n' >/opt/aws/bin/cfn-signal
chmod +x /opt/stand-ins/* /opt/aws/bin/*
PATH=/opt/stand-ins:$PATH bash "$1" || echo "the script ended with $?"
echo "the internet sees $(ip netns exec task curl --silent --max-time 3 http://203.0.113.9 || echo nobody)"
