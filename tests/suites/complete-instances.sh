#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The instances that run are completed.
. "$(dirname "$0")/../lib.sh"

"$isorun" --name shop-1 sleep 1000 &
"$isorun" --name shop-2 sleep 1000 &
both() { [ "$("$isoctl" list -q | grep -c '^shop-')" = 2 ]; }
ok "two instances run" eventually both
verified shop-1 shop-2
is "their names are offered" "$("$isoctl" _complete isoctl status shop | cut -f1 | sort)" $'shop-1\nshop-2'
is "with what they run" "$("$isoctl" _complete isoctl enter shop-1)" $'shop-1\tsleep 1000'
is "for each of several" "$("$isoctl" _complete isoctl status shop-1 shop-2 | cut -f1)" "shop-2"

if command -v fish >/dev/null; then
	mkdir -p "$tmp/share/fish/vendor_completions.d"
	cp "$top/completions/isorun.fish" "$tmp/share/fish/vendor_completions.d/isoctl.fish"
	PATH=$build/src:$PATH timeout 60 "$top/tests/press-tab" fish "$tmp/share" $'isoctl status sh\t' >"$tmp/pressed"
	is "by Tab, as far as they are alike" "$(cut -f1 "$tmp/pressed")" "isoctl status shop-"
else
	skip "by Tab" "there is no fish"
fi
