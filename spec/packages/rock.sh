#!/bin/sh
# The numbered rockspec, for every Lua that LuaRocks knows here: it builds with nothing but the system's packages and no
# network, hides what the Makefile's build hides, deletes a token of the sandbox, and can be packed and installed
# elsewhere. Run inside `sandbox run`.
set -u
spec=$(ls rockspec/cloudflare-[0-9]*.rockspec)
version=${spec#*cloudflare-} version=${version%.rockspec}
home=$(mktemp -d) || exit 2
trap 'rm -rf "$home"' EXIT
failed=0

# Where there is no network, nothing can be fetched.
offline=
if unshare -rn true 2>/dev/null; then offline="unshare -rn"; fi

# rocks COMMAND...: LuaRocks for $lua, in the tree $tree.
rocks() {
    $offline luarocks --lua-version="${lua#lua}" --tree="$tree" "$@"
}

shows_one_symbol() {
    [ "$(nm -D --defined-only "$module" | awk '$3 !~ /^__/ { print $3 }')" = luaopen_cloudflare ]
}

# The same sections of the file's head, where the linker notes what it was told.
is_linked_alike() {
    [ "$(linked "$module")" = "$(linked "$BUILD/lua5.4/cloudflare.so")" ]
}

linked() {
    readelf -dW "$1" | grep -E 'BIND_NOW|FLAGS|NEEDED' | sed 's/^[^(]*//'
}

deletes() {
    LUA_CPATH="$tree/lib/lua/${lua#lua}/?.so;;" "$lua" -e '
        local token, answer = require "cloudflare".tokens.delete(nil, os.getenv "SANDBOX_TOKEN_ID", { missing_ok = true })
        assert(token and (answer.outcome == "deleted" or answer.outcome == "not_found"), tostring(answer))'
}

is_packed() {
    (cd "$home" && rocks pack cloudflare "$version") && ls "$home"/*.rock
}

is_installed_elsewhere() {
    tree=$home/elsewhere
    rocks install --deps-mode=none "$home"/*.rock && deletes
}

for lua in lua5.1 lua5.2 lua5.3 lua5.4; do
    tree=$home/$lua all=0 held=0
    module=$tree/lib/lua/${lua#lua}/cloudflare.so
    if ! rocks config variables.LUA_INCDIR >/dev/null 2>&1; then
        echo "sweep: rock: left out: $lua (not known to LuaRocks)"
        continue
    fi
    for check in "rocks make --deps-mode=none $spec" shows_one_symbol is_linked_alike deletes is_packed \
        is_installed_elsewhere; do
        all=$((all + 1))
        if $check >"$home/log" 2>&1; then held=$((held + 1)); else
            cat "$home/log"
            echo "  $lua: not so: $check"
        fi
    done
    echo "sweep: rock $version, $lua: $held/$all"
    [ $held -eq $all ] || failed=1
    rm -rf "$home"/*.rock "$home/elsewhere"
done
exit $failed
