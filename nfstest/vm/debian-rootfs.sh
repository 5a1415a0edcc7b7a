#!/bin/sh
# Builds the Debian client image for nfstest-tui, with kernel and initrd beside it for QEMU's -kernel/-initrd.
#
#   debian-rootfs.sh OUTPUT_DIR [IMAGE_NAME] [SIZE]
#
# Writes OUTPUT_DIR/IMAGE_NAME (qcow2, default vm.qcow2, default size 2G, sparse), OUTPUT_DIR/vmlinuz and
# OUTPUT_DIR/initrd.img. Each file appears under its name only when all three are complete.
# Needs mmdebstrap, mke2fs, qemu-img; without root also fakeroot and (uidmap or fakechroot).
# Environment: NFSTEST_VM_SUITE (bookworm), NFSTEST_VM_ARCH (this machine's), NFSTEST_VM_MIRROR (what mmdebstrap chooses).
# Prints "==> step" lines to stdout, the tools' own output goes to stderr. Exit code 0, 1 failed, 2 usage, 128+signal.
set -eu

fail() {
    echo "debian-rootfs.sh: $1" >&2
    exit "${2:-1}"
}

step() {
    echo "==> $1"
}

[ $# -ge 1 ] && [ $# -le 3 ] || fail 'usage: debian-rootfs.sh OUTPUT_DIR [IMAGE_NAME] [SIZE]' 2
output_dir=$1
image_name=${2:-vm.qcow2}
size=${3:-2G}
suite=${NFSTEST_VM_SUITE:-bookworm}
mirror=${NFSTEST_VM_MIRROR:-}
recipe_dir=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
case $image_name in
    ''|*/*|.*) fail "image name must be a plain file name: '$image_name'" 2 ;;
esac

# mke2fs lives in sbin, which is not on every user's PATH.
PATH=$PATH:/usr/sbin:/sbin
for tool in mmdebstrap mke2fs qemu-img tar dpkg setsid; do
    command -v "$tool" >/dev/null || fail "missing tool: $tool (Debian packages: mmdebstrap e2fsprogs qemu-utils tar dpkg)"
done
arch=${NFSTEST_VM_ARCH:-$(dpkg --print-architecture)}
case $arch in
    amd64|arm64) ;;
    *) fail "no client image for architecture '$arch'; use amd64 or arm64" 2 ;;
esac

# Files of root in the image need root, or the appearance of it.
as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v fakeroot >/dev/null || fail 'missing tool: fakeroot (needed without root)'
    as_root=fakeroot
    if ! { command -v newuidmap >/dev/null && grep -q "^$(id -un):" /etc/subuid 2>/dev/null; } && ! command -v fakechroot >/dev/null; then
        fail 'without root this needs newuidmap (package uidmap) and a range for you in /etc/subuid; or run it as root, or use nfstest/vm/Dockerfile'
    fi
fi

mkdir -p "$output_dir"
output_dir=$(CDPATH='' cd -- "$output_dir" && pwd)
work_dir=$(mktemp -d "$output_dir/.vm-build.XXXXXX")
cleanup() {
    chmod -R u+rwX "$work_dir" 2>/dev/null || true
    rm -rf "$work_dir"
}
child=
interrupted() {
    trap '' INT TERM HUP
    # mmdebstrap removes its own tree when it is told to end; it waits for apt and dpkg, so they are told, too.
    if [ -n "$child" ]; then
        kill -s TERM -- "-$child" 2>/dev/null || kill -TERM "$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || true
    fi
    echo 'debian-rootfs.sh: interrupted' >&2
    exit "$1"
}
trap cleanup EXIT
trap 'interrupted 130' INT
trap 'interrupted 143' TERM
trap 'interrupted 129' HUP

# A trap runs only between commands: long ones go to the background, each a process group of its own.
run() {
    setsid "$@" >&2 </dev/null &
    child=$!
    status=0
    wait "$child" || status=$?
    child=
    return "$status"
}

packages=$(sed -e 's/#.*//' -e "s/@ARCH@/$arch/" "$recipe_dir/debian-packages.txt" | tr -s ' \n' ',,' | sed -e 's/^,//' -e 's/,$//')

# Owned by root and readable for all, whatever the checkout says.
tar -C "$recipe_dir/overlay" --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' -cf "$work_dir/overlay.tar" etc usr

step "installing Debian $suite $arch"
# dpkg's paths: nobody reads manuals or translations in a client VM.
run mmdebstrap \
    --mode=auto --format=tar --variant=minbase --architectures="$arch" \
    --include="$packages" \
    --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --essential-hook="tar-in '$work_dir/overlay.tar' /" \
    --customize-hook="upload '$recipe_dir/customize.sh' /tmp/customize.sh" \
    --customize-hook='chroot "$1" sh /tmp/customize.sh' \
    --customize-hook='rm -f "$1/tmp/customize.sh"' \
    --customize-hook="download /vmlinuz '$work_dir/vmlinuz'" \
    --customize-hook="download /initrd.img '$work_dir/initrd.img'" \
    "$suite" "$work_dir/rootfs.tar" ${mirror:+"$mirror"} \
    || fail 'mmdebstrap could not install the packages; its messages are above. Is a Debian mirror reachable (apt-get update)?'

step "writing the $size filesystem"
mkdir "$work_dir/rootfs"
truncate -s "$size" "$work_dir/root.ext4"
# One fakeroot session for both commands: owners and devices live in its memory only.
cat > "$work_dir/make-filesystem" <<'INNER'
set -eu
tar -C "$1/rootfs" --numeric-owner -xf "$1/rootfs.tar"
rm -f "$1/rootfs.tar"
mke2fs -q -F -t ext4 -L nfstest-root -m 0 -O ^has_journal -E lazy_itable_init=0 -d "$1/rootfs" "$1/root.ext4"
INNER
run $as_root sh "$work_dir/make-filesystem" "$work_dir" || fail "could not make the filesystem; is $size enough, and $output_dir not full?"

step 'converting to qcow2'
run qemu-img convert -f raw -O qcow2 "$work_dir/root.ext4" "$work_dir/vm.qcow2" || fail 'qemu-img failed'

chmod 0644 "$work_dir/vm.qcow2" "$work_dir/vmlinuz" "$work_dir/initrd.img"
mv -f "$work_dir/vmlinuz" "$output_dir/vmlinuz"
mv -f "$work_dir/initrd.img" "$output_dir/initrd.img"
mv -f "$work_dir/vm.qcow2" "$output_dir/$image_name"
step "ready: $output_dir/$image_name"
