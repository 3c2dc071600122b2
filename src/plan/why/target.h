/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The address in a question. */

#include "plan/why/question.h"
#include "policy/value/value.h"

typedef struct WhyTarget {
        Value value;   /* the peer, as ConnectTo= would have it */
        PlanPeer peer; /* refers to value; literal: address is the host's */
        unsigned n;    /* values that the text has */
} WhyTarget;

/* Parses HOST:PORT or HOST:PORT/udp. Returns 0, -ENOMEM, or -EINVAL, also for an address that means many hosts or none.
 * Call why_target_deinit() in either case. */
int why_target_parse(const char *text, WhyTarget *ret);
void why_target_deinit(WhyTarget *target);

/* Whether it is an address of the loopback device. */
bool why_target_is_local(const WhyTarget *target);

/* Whether one of the networks, of a directive such as IPAddressDeny=, has the address. */
bool why_target_is_in(const WhyTarget *target, const SettingList *networks);
