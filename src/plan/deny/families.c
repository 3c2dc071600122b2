/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RestrictAddressFamilies=: which sockets the payload may make. */
#include "plan/deny/families.h"

#include <errno.h>
#include <sys/socket.h>

#include "plan/deny/rules.h"
#include "plan/unit/notify.h"
#include "util/landlock.h"

static const uint64_t int_mask = UINT32_MAX; /* the kernel takes an int, and ignores the upper 32 bits */

static int deny_family(Plan *plan, const char *call, ArgumentTest test, uint64_t family) {
        return argument_rule_add(plan, (PlanArgumentRule) { .name = call, .test = test, .mask = int_mask,
                                                            .value = family, .error = EAFNOSUPPORT,
                                                            .reason = D_RestrictAddressFamilies });
}

enum { FAMILY_MAX = 64 }; /* AF_MAX is 46 in Linux 6.1 */

/* Sets one bit for each family of the list. Returns true if these are allowed and all others denied, false if these are
 * denied. */
static bool read_families(const SettingList *list, uint64_t *ret) {
        bool allow = !list->items[0].value.inverted;

        *ret = 0;
        for (size_t i = 0; i < list->n; i++) {
                const Value *v = &list->items[i].value;

                if (!*v->text)
                        continue;
                if (v->inverted != allow)
                        *ret |= UINT64_C(1) << v->number;
                else
                        *ret &= ~(UINT64_C(1) << v->number);
        }
        return allow;
}

bool build_allows_family(Builder *b, unsigned family) {
        uint64_t families;
        bool allow = read_families(build_list(b, D_RestrictAddressFamilies), &families);

        return allow == !!(families & UINT64_C(1) << family);
}

/* Denies the families below the first allowed one, above the last, and each one between that is not allowed. The
 * comparisons use the whole register, so that a value with upper bits is denied, too. */
static int allow_families(Plan *plan, const char *call, uint64_t families) {
        unsigned first = 0, last = FAMILY_MAX - 1;
        int r;

        if (!families)
                return argument_rule_add(plan, (PlanArgumentRule) ANY(call, EAFNOSUPPORT, D_RestrictAddressFamilies));

        while (!(families & UINT64_C(1) << first))
                first++;
        while (!(families & UINT64_C(1) << last))
                last--;

        r = first > 0 ? deny_family(plan, call, ARGUMENT_LESS, first) : 0;
        if (r >= 0)
                r = deny_family(plan, call, ARGUMENT_GREATER, last);
        for (unsigned f = first; r >= 0 && f < last; f++)
                if (!(families & UINT64_C(1) << f))
                        r = deny_family(plan, call, ARGUMENT_EQUAL, f);
        return r;
}

static int deny_families(Plan *plan, const char *call, uint64_t families) {
        int r = 0;

        for (unsigned f = 0; r >= 0 && f < FAMILY_MAX; f++)
                if (families & UINT64_C(1) << f)
                        r = deny_family(plan, call, ARGUMENT_MASKED_EQUAL, f);
        return r;
}

/* socketpair(2) makes sockets of other families, too, or first loads their modules. Those of AF_UNIX are connected to
 * each other, and reach nothing else. */
static int limit_families(Plan *plan, uint64_t families, bool allow) {
        const uint64_t pair = UINT64_C(1) << AF_UNIX;
        int r;

        if (allow) {
                r = allow_families(plan, "socket", families);
                return r < 0 ? r : allow_families(plan, "socketpair", families | pair);
        }
        r = deny_families(plan, "socket", families);
        return r < 0 ? r : deny_families(plan, "socketpair", families & ~pair);
}

static const Setting *names_unix(const SettingList *list) {
        for (size_t i = 0; i < list->n; i++)
                if (list->items[i].origin.file && !list->items[i].value.inverted && *list->items[i].value.text &&
                    list->items[i].value.number == AF_UNIX)
                        return &list->items[i];
        return NULL;
}

/* In the host's network namespace, a process reaches an abstract socket by its name, without a file. Landlock prevents
 * this from ABI 6 on. On an older kernel, socket(AF_UNIX) must be denied (socketpair(2) is not). Returns 1 if it must,
 * 0, or -EOPNOTSUPP, reported. */
static int must_deny_unix(Builder *b) {
        const Setting *asked = names_unix(build_list(b, D_RestrictAddressFamilies));

        if (policy_is_true(b->policy, D_PrivateNetwork) || policy_is_true(b->policy, D_AbstractSockets) ||
            b->host->landlock_abi >= LANDLOCK_ABI_SCOPE)
                return 0;
        if (!asked)
                return 1;
        return build_may_lack(b, D_RestrictAddressFamilies, asked->origin,
                              "with AF_UNIX and PrivateNetwork=no the payload could reach the host's abstract sockets, "
                              "and this kernel cannot prevent that: use PrivateNetwork=yes and pass sockets (a .socket "
                              "unit does), or Linux 6.12, or accept it with AbstractSockets=yes; a service with "
                              "Type=notify needs no AF_UNIX if isorun has --notify=exec")
                       ? 0
                       : -EOPNOTSUPP;
}

int build_family_rules(Builder *b) {
        const PlanArgumentRule around[] = {
                /* The filter does not see the operations of a ring, such as IORING_OP_SOCKET: io_uring_enter(2). */
                ANY("io_uring_setup", ENOSYS, D_RestrictAddressFamilies),
                ANY("socketcall", ENOSYS, D_RestrictAddressFamilies), /* i386's; its arguments are in memory */
        };
        Plan *plan = b->plan;
        uint64_t families;
        bool allow;
        int r, deny_unix;

        deny_unix = must_deny_unix(b);
        if (deny_unix < 0)
                return deny_unix;

        allow = read_families(build_list(b, D_RestrictAddressFamilies), &families);
        if (deny_unix && allow)
                families &= ~(UINT64_C(1) << AF_UNIX);
        if (deny_unix && !allow)
                families |= UINT64_C(1) << AF_UNIX;
        if (allow != !!(families & UINT64_C(1) << AF_UNIX))
                build_notice_if_mute(b);

        r = limit_families(plan, families, allow);
        if (r >= 0 && (allow || families))
                r = argument_rules_add(plan, around, ELEMENTSOF(around));
        return r < 0 ? -ENOMEM : 0;
}
