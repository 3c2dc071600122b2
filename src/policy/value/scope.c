/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The types of [Scope]. They take the values of systemd.resource-control(5), systemd.kill(5) and systemd.unit(5), and
 * convert them to those of org.freedesktop.systemd1(5). */
#include <arpa/inet.h>
#include <errno.h>

#include "policy/value/value.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/word.h"

/* The kernel takes a limit of more memory than this for no limit: PAGE_COUNTER_MAX, with pages of up to 64 KiB. */
#define MEMORY_MAX ((uint64_t) INT64_MAX - (64 << 10))

/* systemd takes a limit of 0 bytes only for swap (bus_cgroup_set_property()); 0 of MemoryLow= is no protection. */
static bool is_memory(const ValueParser *p, const Value *v) {
        DirectiveId id = directive_id(p->directive);

        return v->number > 0 ? v->relative || v->number <= MEMORY_MAX : id != D_MemoryMax && id != D_MemoryHigh;
}

/* number: bytes, or UINT64_MAX for no limit. With relative, a share of the machine's memory. */
static int parse_memory(ValueParser *p, const char *text) {
        Value v = { .number = UINT64_MAX };

        if (streq(text, "infinity"))
                return value_emit(p, text, v);

        v.relative = parse_percent(text, &v.number) >= 0;
        if (v.relative ? v.number > 10000 : parse_size(text, 1024, &v.number) < 0)
                return value_not_size(p, "a size (such as 64M)", text);
        if (!is_memory(p, &v))
                return value_error(p, "this size would not limit anything (write infinity for no limit): \"%s\"", text);
        return value_emit(p, text, v);
}

enum { TASKS_MAX = 4 << 20 }; /* PID_MAX_LIMIT: the kernel rejects more for pids.max */

static int parse_tasks(ValueParser *p, const char *text) {
        Value v = { .number = UINT64_MAX };

        if (streq(text, "infinity"))
                return value_emit(p, text, v);

        v.relative = parse_percent(text, &v.number) >= 0;
        if (v.number == 0 || (v.relative ? v.number > 10000 : parse_u64_range(text, 1, TASKS_MAX, &v.number) < 0))
                return value_not(p, "a number of tasks from 1 to 4194304", text);
        return value_emit(p, text, v);
}

/* number: microseconds of processor time per second. */
static int parse_cpu_quota(ValueParser *p, const char *text) {
        uint64_t percent;

        if (parse_percent(text, &percent) < 0 || percent == 0 || percent > INT32_MAX)
                return value_not(p, "a percentage of one processor (such as 150%)", text);
        return value_emit(p, text, (Value) { .number = percent * 100 });
}

enum { WEIGHT_MIN = 1, WEIGHT_MAX = 10000 }; /* cgroup-v2.rst, "Weights" */

static int parse_weight(ValueParser *p, const char *text) {
        Value v = {};

        if (parse_u64_range(text, WEIGHT_MIN, WEIGHT_MAX, &v.number) < 0)
                return value_not(p, "a weight from 1 to 10000", text);
        return value_emit(p, text, v);
}

/* number: 0 for "idle", as in systemd's property. */
static int parse_cpu_weight(ValueParser *p, const char *text) {
        return streq(text, "idle") ? value_emit(p, text, (Value) {}) : parse_weight(p, text);
}

/* bitmap: bit N is set if the list contains N. */
static int parse_bitmap_value(ValueParser *p, const char *text) {
        Value v = {};
        int r;

        r = parse_bitmap(text, &v.bitmap, &v.n_bitmap);
        if (r < 0)
                return r == -ENOMEM ? r : value_not(p, "a list of numbers and ranges (such as 0-3 5)", text);
        return value_emit(p, text, v);
}

static int parse_weight_number(const char *text, uint64_t *ret) {
        return parse_u64_range(text, WEIGHT_MIN, WEIGHT_MAX, ret);
}

/* io.max takes the largest number of each kind for no limit, and rejects 0. */
static int parse_bandwidth(const char *text, uint64_t *ret) {
        int r = parse_size(text, 1000, ret);

        return r >= 0 && (*ret == 0 || *ret == UINT64_MAX) ? -ERANGE : r;
}

/* "/dev/sda VALUE". words: only the path; number: the value, UINT64_MAX for "infinity". */
static int parse_device(ValueParser *p, const char *text, const char *what,
                        int (*parse)(const char *text, uint64_t *ret)) {
        _cleanup_strv_free_ char **words = NULL;
        Value v = { .number = UINT64_MAX };
        int r;

        r = value_words(p, text, &words);
        if (r < 0)
                return r;
        if (strv_length(words) != 2 || words[0][0] != '/')
                return value_not(p, "an absolute path and a value", text);
        if ((parse == parse_weight_number || !streq(words[1], "infinity")) && parse(words[1], &v.number) < 0)
                return parse == parse_bandwidth ? value_not_size(p, what, words[1]) : value_not(p, what, words[1]);

        free(words[1]);
        words[1] = NULL;
        v.words = TAKE_PTR(words);
        return value_emit(p, text, v);
}

static int parse_operations(const char *text, uint64_t *ret) {
        int r = parse_bandwidth(text, ret);

        return r >= 0 && *ret >= UINT32_MAX ? -ERANGE : r;
}

static int parse_device_bytes(ValueParser *p, const char *text) {
        return parse_device(p, text, "a size greater than 0 (such as 64M)", parse_bandwidth);
}

static int parse_device_count(ValueParser *p, const char *text) {
        return parse_device(p, text, "a number from 1 to 4294967294", parse_operations);
}

static int parse_device_weight(ValueParser *p, const char *text) {
        return parse_device(p, text, "a weight from 1 to 10000", parse_weight_number);
}

/* words: the address; number: the length of its prefix in bits. */
static int emit_address(ValueParser *p, const char *word, const char *address, const char *length) {
        bool v6 = strchr(address, ':');
        uint64_t max = v6 ? 128 : 32;
        Value v = { .number = max };
        unsigned char bytes[16];

        if (inet_pton(v6 ? AF_INET6 : AF_INET, address, bytes) != 1 ||
            (length && parse_u64_range(length, 0, max, &v.number) < 0))
                return value_not(p, "an address, ADDRESS/BITS, any, localhost, link-local or multicast", word);
        if (strv_push(&v.words, address) < 0)
                return -ENOMEM;
        return value_emit(p, word, v);
}

static int check_address(ValueParser *p, const char *word) {
        static const struct {
                const char *name, *v4, *v4_length, *v6, *v6_length;
        } names[] = { /* systemd.resource-control(5), "Special address/network names" */
                { "any", "0.0.0.0", "0", "::", "0" },
                { "localhost", "127.0.0.0", "8", "::1", "128" },
                { "link-local", "169.254.0.0", "16", "fe80::", "64" },
                { "multicast", "224.0.0.0", "4", "ff00::", "8" },
        };
        _cleanup_free_ char *address = strdup(word);
        char *slash;
        int r;

        if (!address)
                return -ENOMEM;

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(word, names[i].name)) {
                        r = emit_address(p, word, names[i].v4, names[i].v4_length);
                        return r < 0 ? r : emit_address(p, word, names[i].v6, names[i].v6_length);
                }

        slash = strchr(address, '/');
        if (slash)
                *slash++ = '\0';
        return emit_address(p, word, address, slash);
}

static int parse_addresses(ValueParser *p, const char *text) {
        return value_each(p, text, check_address);
}

/* words: the device node or class, and the letters of the permitted accesses. */
static int parse_device_allow(ValueParser *p, const char *text) {
        _cleanup_strv_free_ char **words = NULL;
        size_t n;
        int r;

        r = value_words(p, text, &words);
        if (r < 0)
                return r;

        n = strv_length(words);
        if (n == 1 && strv_push(&words, "rwm") < 0)
                return -ENOMEM;
        if (n < 1 || n > 2 || words[1][strspn(words[1], "rwm")] || !words[1][0])
                return value_not(p, "a device and optionally some of the letters r, w and m", text);
        if (!(startswith(words[0], "/dev/") && path_is_safe(words[0])) && !startswith(words[0], "char-") &&
            !startswith(words[0], "block-"))
                return value_not(p, "a path in /dev, char-NAME or block-NAME", words[0]);
        return value_emit(p, text, (Value) { .words = TAKE_PTR(words) });
}

/* number: whether to delegate; words: the controllers, NULL for all of them. */
static int parse_delegate(ValueParser *p, const char *text) {
        static const char *const controllers[] = { "cpu", "cpuset", "io", "memory", "pids", NULL };
        _cleanup_strv_free_ char **words = NULL;
        bool b;
        int r;

        if (parse_boolean(text, &b) >= 0)
                return value_emit(p, text, (Value) { .number = b });

        r = value_words(p, text, &words);
        if (r < 0)
                return r;
        for (char **w = words; w && *w; w++)
                if (!strv_contains((char *const *) controllers, *w))
                        return value_not(p, "a boolean or a cgroup v2 controller", *w);
        return value_emit(p, text, (Value) { .number = true, .words = TAKE_PTR(words) });
}

/* systemd.unit(5): "The unit name … may consist of ASCII letters, digits, ":", "-", "_", ".", and "\"", and @. */
bool value_is_unit_name(const char *s) {
        static const char suffixes[][11] = { ".service", ".socket",    ".device", ".mount", ".automount", ".swap",
                                             ".target",  ".path",      ".timer",  ".slice", ".scope" };

        if (strlen(s) > 255 || s[0] == '.' ||
            s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@")])
                return false;
        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++)
                if (endswith(s, suffixes[i]))
                        return true;
        return false;
}

static int check_unit_name(ValueParser *p, const char *word) {
        return value_is_unit_name(word) ? value_emit(p, word, (Value) {}) : value_not(p, "a unit name", word);
}

static int parse_unit_names(ValueParser *p, const char *text) {
        return value_each(p, text, check_unit_name);
}

static int parse_slice(ValueParser *p, const char *text) {
        _cleanup_free_ char *name = NULL;
        int r;

        r = value_expand(p, text, &name);
        if (r < 0)
                return r;
        if (!value_is_unit_name(name) || !endswith(name, ".slice"))
                return value_not(p, "the name of a slice", name);
        return value_emit(p, name, (Value) {});
}

/* The name becomes a part of a unit's name, and so of a path. */
static int parse_pool(ValueParser *p, const char *text) {
        _cleanup_free_ char *name = NULL;
        int r;

        r = value_expand(p, text, &name);
        if (r < 0)
                return r;
        if (!volume_name_is_valid(name) || strlen(name) > 200)
                return value_not(p, "the name of a pool (letters, digits, \"_\", \".\" and \"-\")", name);
        return value_emit(p, name, (Value) {});
}

static const char *const infinity[] = { "infinity", NULL };

const ValueType type_memory = { "BYTES|PERCENT%|infinity", parse_memory, infinity };
const ValueType type_tasks = { "NUMBER|PERCENT%|infinity", parse_tasks, infinity };
const ValueType type_cpu_quota = { "PERCENT%", parse_cpu_quota, NULL };
const ValueType type_weight = { "1…10000", parse_weight, NULL };
const ValueType type_cpu_weight = { "1…10000|idle", parse_cpu_weight, NULL };
const ValueType type_bitmap = { "NUMBER|FIRST-LAST…", parse_bitmap_value, NULL };
const ValueType type_device_bytes = { "DEVICE BYTES|infinity", parse_device_bytes, NULL };
const ValueType type_device_count = { "DEVICE NUMBER|infinity", parse_device_count, NULL };
const ValueType type_device_weight = { "DEVICE 1…10000", parse_device_weight, NULL };
const ValueType type_addresses = { "ADDRESS[/BITS]…", parse_addresses,
                                   (const char *const[]) { "any", "localhost", "link-local", "multicast", NULL } };
const ValueType type_device_allow = { "DEVICE [rwm]", parse_device_allow, NULL };
const ValueType type_delegate = { "BOOLEAN|CONTROLLER…", parse_delegate,
                                  (const char *const[]) { "yes", "no", "cpu", "cpuset", "io", "memory", "pids",
                                                          NULL } };
const ValueType type_unit_names = { "UNIT…", parse_unit_names, NULL };
const ValueType type_pool = { "NAME", parse_pool, NULL };
const ValueType type_slice = { "SLICE", parse_slice, NULL };
