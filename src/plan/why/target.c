/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/why/target.h"

#include <arpa/inet.h>
#include <errno.h>

#include "plan/network/peers.h"

void why_target_deinit(WhyTarget *target) {
        value_deinit(&target->value);
}

/* A ValueParser's emit. */
static int keep(void *userdata, const Value *value) {
        WhyTarget *target = userdata;

        value_deinit(&target->value);
        target->value = *value;
        target->n++;
        return 0;
}

int why_target_parse(const char *text, WhyTarget *ret) {
        Report silent = {};
        ValueParser parser = { .directive = &directive_table[D_ConnectTo], .report = &silent,
                               .specifiers = &(Specifiers) {}, .emit = keep, .userdata = ret };
        int r = type_peers.parse(&parser, text);

        if (r < 0)
                return r == -ENOMEM ? r : -EINVAL;
        if (ret->n != 1 || ret->value.number2 & ~(uint64_t) PEER_UDP || ret->value.words[1] ||
            startswith(ret->value.words[0], "*"))
                return -EINVAL;
        ret->peer = (PlanPeer) { .host = ret->value.words[0], .port = (uint16_t) ret->value.number,
                                 .is_datagram = ret->value.number2 & PEER_UDP };
        ret->peer.literal = peer_read_address(&ret->peer);
        return ret->peer.literal && !peer_address_is_usable(&ret->peer) ? -EINVAL : 0;
}

static bool is_in(const PlanPeer *p, const char *network, unsigned bits) {
        const unsigned bytes = bits / 8, rest = bits % 8;
        uint8_t n[16] = {};

        if (inet_pton(p->ipv6 ? AF_INET6 : AF_INET, network, n) != 1 || memcmp(p->address, n, bytes) != 0)
                return false;
        return rest == 0 || (p->address[bytes] ^ n[bytes]) >> (8 - rest) == 0;
}

bool why_target_is_local(const WhyTarget *target) {
        return target->peer.literal && (target->peer.ipv6 ? is_in(&target->peer, "::1", 128)
                                                          : is_in(&target->peer, "127.0.0.0", 8));
}

bool why_target_is_in(const WhyTarget *target, const SettingList *networks) {
        for (size_t i = 0; i < networks->n; i++) {
                const Value *v = &networks->items[i].value;

                if (v->words && is_in(&target->peer, v->words[0], (unsigned) v->number))
                        return true;
        }
        return false;
}
