#!/bin/sh
# What `make deb` makes: lintian warns of nothing, and in a Debian that has nothing but its base apt installs it,
# and its own tests (rockspec/debian/tests) delete a token of the sandbox in every Lua and in a C program that links it.
# As root, with Debian's archive in reach.
set -u
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-testing}")
home=$(mktemp -d) || exit 2
# What is mounted in it still is not removed with it.
trap 'umount "$home/debian/proc" 2>/dev/null; rm -rf --one-file-system "$home"' EXIT
all=0 held=0

holds() {
    all=$((all + 1))
    if "$@" >"$home/log" 2>&1; then held=$((held + 1)); else
        tail -n 40 "$home/log"
        echo "  not so: $*"
    fi
}

is_built() {
    make -s deb BUILD="$BUILD"
}

lintian_is_silent() {
    lintian --allow-root --no-tag-display-limit -EvI --fail-on error,warning "$BUILD"/deb/*.changes
}

# A Debian of its own, whose services do not start.
debian() {
    debootstrap --variant=minbase "$codename" "$home/debian" || return 1
    printf '#!/bin/sh\nexit 101\n' >"$home/debian/usr/sbin/policy-rc.d"
    chmod +x "$home/debian/usr/sbin/policy-rc.d"
    mount -t proc proc "$home/debian/proc"
}

apt_installs_them() {
    cp "$BUILD"/deb/lua-cloudflare_*.deb "$BUILD"/deb/lua-cloudflare-dev_*.deb "$home/debian/root/"
    chroot "$home/debian" sh -c 'apt-get update && apt-get install -y --no-install-recommends /root/*.deb'
}

their_tests_pass() {
    autopkgtest -B "$BUILD"/deb/lua-cloudflare_*.deb "$BUILD"/deb/lua-cloudflare-dev_*.deb "$BUILD"/deb/*.dsc \
        -- chroot "$home/debian"
}

for check in is_built lintian_is_silent debian apt_installs_them their_tests_pass; do holds $check; done
echo "sweep: Debian's packages, $codename: $held/$all"
[ $held -eq $all ]
