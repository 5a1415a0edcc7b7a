#!/bin/sh
# Writes the cloud-init seed of the client VM: an ISO labelled cidata with user-data and meta-data.
#
#   make-seed.sh OUTPUT_ISO SSH_PUBLIC_KEY [READY_MARKER]
#
# SSH_PUBLIC_KEY is the line itself, not a file. Exit code 0, 1 failed, 2 usage.
set -eu

fail() {
    echo "make-seed.sh: $1" >&2
    exit "${2:-1}"
}

[ $# -eq 2 ] || [ $# -eq 3 ] || fail 'usage: make-seed.sh OUTPUT_ISO SSH_PUBLIC_KEY [READY_MARKER]' 2
output=$1
key=$2
marker=${3:-NFSTEST_VM_READY}
recipe_dir=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
case $key in
    ssh-*' '*|ecdsa-*' '*|sk-*' '*) ;;
    *) fail 'the second argument must be the text of a public key, like "ssh-ed25519 AAAA..."' 2 ;;
esac
# The text becomes part of a YAML string and of a sed script: a key's comment may hold anything.
case $key in
    *[!A-Za-z0-9+/=@._:\ -]*) fail 'the public key holds an unusual character; shorten its comment' 2 ;;
esac
case $marker in
    ''|*[!A-Za-z0-9_-]*) fail "the marker must be one plain word: '$marker'" 2 ;;
esac

work_dir=$(mktemp -d)
trap 'rm -rf "$work_dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
mkdir "$work_dir/seed"
# A private host key has no place among arguments, which every process can read: the guest makes one.
sed -e '/^ssh_keys:/d' -e '/@SSH_HOST_[A-Z_]*_KEY@/d' -e "s|@SSH_PUBLIC_KEY@|$key|" -e "s|@READY_MARKER@|$marker|" "$recipe_dir/user-data" > "$work_dir/seed/user-data"
seed_id=$(cksum < "$work_dir/seed/user-data" | tr -cs "0-9\n" "-")
sed -e "s|@SEED_ID@|$seed_id|" "$recipe_dir/meta-data" > "$work_dir/seed/meta-data"

iso=$output.tmp.$$
if command -v genisoimage >/dev/null; then
    genisoimage -quiet -output "$iso" -volid cidata -joliet -rock "$work_dir/seed"
elif command -v xorriso >/dev/null; then
    xorriso -as mkisofs -quiet -output "$iso" -volid cidata -joliet -rational-rock "$work_dir/seed"
elif command -v mkisofs >/dev/null; then
    mkisofs -quiet -output "$iso" -volid cidata -joliet -rock "$work_dir/seed"
elif command -v hdiutil >/dev/null; then
    # hdiutil insists on its own file ending.
    hdiutil makehybrid -quiet -iso -joliet -default-volume-name cidata -o "$work_dir/seed.iso" "$work_dir/seed"
    mv "$work_dir/seed.iso" "$iso"
else
    fail 'missing tool: one of genisoimage, xorriso, mkisofs, hdiutil'
fi
mv -f "$iso" "$output"
