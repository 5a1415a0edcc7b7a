#!/bin/sh
# Runs inside the new Debian root: makes it small and quick to boot.
set -eu

# Every unit costs time under emulation; none of these serves a throw-away NFS client.
# rpcbind and statd: v3 is mounted with nolock, v4 needs neither. rpc_pipefs and gssd: Kerberos only.
for unit in \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
    systemd-tmpfiles-clean.timer e2scrub_reap.service systemd-pstore.service \
    rpcbind.service rpcbind.socket rpc-statd.service rpc-statd-notify.service rpc-gssd.service nfs-client.target \
    nfs-blkmap.service auth-rpcgss-module.service run-rpc_pipefs.mount nfs-idmapd.service \
    systemd-random-seed.service systemd-update-utmp.service systemd-update-utmp-runlevel.service \
    systemd-binfmt.service systemd-hwdb-update.service ldconfig.service systemd-journal-catalog-update.service \
    systemd-firstboot.service systemd-network-generator.service \
    dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
    sys-fs-fuse-connections.mount modprobe@configfs.service modprobe@dm_mod.service modprobe@loop.service \
    modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service \
    getty.target getty-static.service systemd-ask-password-console.path systemd-ask-password-wall.path \
    cloud-init-local.service cloud-init.service cloud-config.service cloud-final.service cloud-init-hotplugd.socket \
    systemd-networkd-wait-online.service
do
    ln -sf /dev/null "/etc/systemd/system/$unit"
done
# Generators run before anything else; cloud-init's looks for a seed that is known to be there.
mkdir -p /etc/systemd/system-generators
for generator in \
    cloud-init-generator rpc-pipefs-generator nfs-server-generator systemd-cryptsetup-generator \
    systemd-veritysetup-generator systemd-integritysetup-generator systemd-gpt-auto-generator \
    systemd-hibernate-resume-generator systemd-rc-local-generator systemd-sysv-generator \
    systemd-system-update-generator systemd-getty-generator systemd-bless-boot-generator
do
    ln -sf /dev/null "/etc/systemd/system-generators/$generator"
done
systemctl enable systemd-networkd.service nfstest-first-boot.service
# cloud-init makes the host key first; first-boot.py starts sshd then.
systemctl disable ssh.service
# -r: a login is a fork of the listener. Executing sshd anew for each costs 0.5 s of linking on an emulated CPU.
# Not in overlay/: the package's own file would ask which one to keep.
echo SSHD_OPTS=-r > /etc/default/ssh
systemctl set-default multi-user.target

echo nfstest-vm > /etc/hostname
printf '127.0.0.1 localhost nfstest-vm\n::1 localhost\n' > /etc/hosts
# QEMU's user network answers DNS at this address.
echo 'nameserver 10.0.2.3' > /etc/resolv.conf

# A shared image holds no host key and no machine id: cloud-init and systemd make them at first boot.
rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
: > /etc/machine-id

update-initramfs -u
rm -rf /var/cache/apt/* /var/lib/apt/lists/* /var/cache/debconf/*-old /var/lib/dpkg/*-old /var/log/*.log
