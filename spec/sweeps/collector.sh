#!/bin/sh
# At every place where Lua may run a finalizer, one does its worst (spec/sweeps/collector/driver.lua), under ASan
# and UBSan.
set -u
runtime=$(${CC:-cc} -print-file-name=libasan.so):$(${CC:-cc} -print-file-name=libubsan.so)
failed=0
for lua in lua5.4 luajit; do
    LUA_PATH="./?.lua;;" LUA_CPATH="$BUILD/asan/collector/$lua/?.so;;" LD_PRELOAD=$runtime \
        ASAN_OPTIONS=detect_leaks=1 "$lua" spec/sweeps/collector/driver.lua || failed=1
done
exit $failed
