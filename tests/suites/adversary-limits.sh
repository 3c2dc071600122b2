#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The adversary once more, with resource controllers, and mostly on an old kernel, without Landlock: in scopes, under two
# policies, for it is slow there.
# shellcheck disable=SC2034  # of the suite that follows
policies="default nest" scope_only=1
. "$(dirname "$0")/adversary.sh"
