#!/bin/bash
# Makes the machine a NAT of its network with what the standard image of Amazon Linux 2023 has: it has neither nft nor iptables,
# but systemd-networkd masquerades by itself. Nothing is installed, because an installation can fail. Files and not commands,
# because a restarted machine reads them again.
set -euo pipefail
# Says how it went to whoever waits. Nobody waits for a machine that the group starts later.
trap '/opt/aws/bin/cfn-signal --exit-code $? --stack ${AWS::StackName} --resource ${Group} --region ${AWS::Region} || true' EXIT

echo 'net.ipv4.ip_forward = 1' >/etc/sysctl.d/90-nat.conf
sysctl --load=/etc/sysctl.d/90-nat.conf

# IPMasquerade is for packets from the range of the address. AWS gives the first address of a network to nobody.
cat >/etc/systemd/network/10-nat.network <<'END'
[Match]
Name=lo

[Network]
IPMasquerade=ipv4

[Address]
Address=${Network}
AddPrefixRoute=no
END
networkctl reload

# The internet answers this address only if it is masqueraded.
curl --interface ${Address} --silent --show-error --output /dev/null \
  --retry 60 --retry-all-errors --retry-delay 2 --retry-max-time 240 --connect-timeout 4 \
  https://cloudformation.${AWS::Region}.${AWS::URLSuffix}
