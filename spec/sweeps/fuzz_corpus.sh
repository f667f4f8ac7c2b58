#!/bin/sh
# Hands every input in spec/fuzz/corpus to its target, once, under ASan and UBSan.
set -u
failed=0
for folder in spec/fuzz/corpus/*; do
    name=${folder##*/} all=0 held=0
    for input in "$folder"/*; do all=$((all + 1)); done
    if held=$("$BUILD/spec/fuzz/$name" "$folder"/*); then :; else
        held=0 failed=1
        for input in "$folder"/*; do
            if "$BUILD/spec/fuzz/$name" "$input" >/dev/null 2>&1; then held=$((held + 1)); else echo "  not so: $input"; fi
        done
    fi
    echo "sweep: fuzz corpus ($name): $held/$all"
done
exit $failed
