/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.resources.devices as a program of eBPF for a cgroup: cgroup-v2.rst, "Device controller". */
#include <errno.h>
#include <linux/bpf.h>

#include "image/json.h"
#include "oci/spec/parts.h"
#include "util/array.h"

enum {
        ALL = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE,
        RULE_MAX = 9, /* instructions of a rule */
};

typedef struct Rule {
        bool allow;
        int type;   /* BPF_DEVCG_DEV_*; 0: any */
        int access; /* BPF_DEVCG_ACC_* */
        int64_t major, minor; /* -1: any */
} Rule;

/* What each container has: the devices of devices.c and pseudo-terminals; and it may make device nodes, which it cannot
 * open. As runc has it. */
static const Rule always[] = {
        { true, BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_MKNOD, -1, -1 },
        { true, BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_ACC_MKNOD, -1, -1 },
        { true, BPF_DEVCG_DEV_CHAR, ALL, 1, 3 }, { true, BPF_DEVCG_DEV_CHAR, ALL, 1, 5 },
        { true, BPF_DEVCG_DEV_CHAR, ALL, 1, 7 }, { true, BPF_DEVCG_DEV_CHAR, ALL, 1, 8 },
        { true, BPF_DEVCG_DEV_CHAR, ALL, 1, 9 }, { true, BPF_DEVCG_DEV_CHAR, ALL, 5, 0 },
        { true, BPF_DEVCG_DEV_CHAR, ALL, 5, 2 }, { true, BPF_DEVCG_DEV_CHAR, ALL, 136, -1 },
};

static int emit(Spec *spec, struct bpf_insn instruction) {
        struct bpf_insn *i = ARRAY_APPEND(spec->device_rules, spec->n_device_rules);

        if (!i)
                return -ENOMEM;
        *i = instruction;
        return 0;
}

/* A piece of the program. Jumps of a rule lead to the end of it. */
typedef struct Piece {
        struct bpf_insn code[RULE_MAX];
        int n;
} Piece;

static void put(Piece *p, int code, unsigned to, unsigned from, int value) {
        p->code[p->n++] = (struct bpf_insn) { .code = (uint8_t) code, .dst_reg = to & 0xf,
                                              .src_reg = from & 0xf, .imm = value };
}

static void answer(Piece *p, bool allow) {
        put(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, allow);
        put(p, BPF_JMP | BPF_EXIT, 0, 0, 0);
}

static int finish(Spec *spec, Piece *p) {
        int r = 0;

        for (int i = 0; r >= 0 && i < p->n; i++) {
                const int class = p->code[i].code & 0x07, operation = p->code[i].code & 0xf0;

                if (class == BPF_JMP && operation != BPF_EXIT)
                        p->code[i].off = (int16_t) (p->n - i - 1);
                r = emit(spec, p->code[i]);
        }
        return r;
}

/* An allowing rule must allow all that is asked for; a denying one denies if it denies a part of it. */
static int add_rule(Spec *spec, const Rule *rule) {
        Piece p = {};

        if (rule->type)
                put(&p, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_5, 0, rule->type);
        if (rule->access != ALL) {
                put(&p, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_0, BPF_REG_2, 0);
                put(&p, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_0, 0, rule->allow ? ALL & ~rule->access : rule->access);
                put(&p, BPF_JMP | (rule->allow ? BPF_JNE : BPF_JEQ) | BPF_K, BPF_REG_0, 0, 0);
        }
        if (rule->major >= 0)
                put(&p, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_3, 0, (int) rule->major);
        if (rule->minor >= 0)
                put(&p, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_4, 0, (int) rule->minor);
        answer(&p, rule->allow);
        return finish(spec, &p);
}

static int begin(Spec *spec) {
        Piece p = {};

        for (int i = 0; i < 3; i++) { /* struct bpf_cgroup_dev_ctx: access_type, major, minor */
                put(&p, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2 + (unsigned) i, BPF_REG_1, 0);
                p.code[i].off = (int16_t) (4 * i);
        }
        put(&p, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_5, BPF_REG_2, 0);
        put(&p, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_5, 0, 0xffff);
        put(&p, BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_2, 0, 16);
        return finish(spec, &p);
}

static int read_rule(const Place *p, Rule *ret) {
        const char *type = json_text_of(p->value, "type") ?: "a", *access = json_text_of(p->value, "access") ?: "";
        int r;

        *ret = (Rule) { .allow = json_is_true(json_object_get(p->value, "allow")), .major = -1, .minor = -1 };
        if (!*type || (strlen(type) != 1 || !strchr("abcu", *type)))
                return place_error(p, EINVAL, "its type is not a, b, c or u: \"%s\"", type);
        ret->type = *type == 'a' ? 0 : *type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
        if (!*access || access[strspn(access, "rwm")])
                return place_error(p, EINVAL, "its access is not one or more of r, w and m: \"%s\"", access);
        ret->access = (strchr(access, 'm') ? BPF_DEVCG_ACC_MKNOD : 0) | (strchr(access, 'r') ? BPF_DEVCG_ACC_READ : 0) |
                      (strchr(access, 'w') ? BPF_DEVCG_ACC_WRITE : 0);
        r = place_number(p, "major", -1, INT32_MAX, &ret->major);
        return r < 0 ? r : place_number(p, "minor", -1, INT32_MAX, &ret->minor);
}

static bool fits_all(const Rule *rule) {
        return !rule->type && rule->access == ALL && rule->major < 0 && rule->minor < 0;
}

/* The last rule that fits decides, so the program has them in the reverse order. What no rule names is denied. The
 * kernel refuses a program with instructions that nothing reaches, as those behind a rule that fits all. */
int device_rules_read(const Place *resources, Spec *ret) {
        const Place rules = place_member(resources, "devices");
        bool ended = false;
        Piece end = {};
        int r;

        if (json_array_size(rules.value) == 0)
                return 0;
        r = begin(ret);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(always); i++)
                r = add_rule(ret, &always[i]);
        for (size_t i = json_array_size(rules.value); r >= 0 && i > 0; i--) {
                const Place p = place_item(&rules, i - 1);
                Rule rule;

                if (read_rule(&p, &rule) < 0)
                        return -EINVAL;
                if (!ended)
                        r = add_rule(ret, &rule);
                ended = ended || fits_all(&rule);
        }
        answer(&end, false);
        if (r >= 0 && !ended)
                r = finish(ret, &end);
        return r < 0 ? report_oom(resources->report) : 0;
}
