/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Values of directives, and the types that parse them. */

#include <stdint.h>

#include "policy/directive.h"
#include "policy/value/size.h"
#include "policy/value/specifier.h"
#include "util/report.h"

/* One value, or one item of a list. The parser of each type says what the other fields hold. */
typedef struct Value {
        char *text;             /* as it could stand in a policy; isorun prints it */
        char **words;
        uint64_t number;
        uint64_t number2;
        Size size;              /* the option size= of a volume or tmpfs */
        uint8_t *bitmap;        /* lowest bit first */
        unsigned n_bitmap;      /* its size in bytes */
        bool relative;          /* number is a share, in 1/10000 */
        bool inverted;          /* from a list that begins with ~ */
        bool optional;          /* preceded by "-": skipped if it does not exist */
        bool whole;             /* replaces all earlier items of the list */
} Value;

void value_deinit(Value *v);

typedef struct ValueParser {
        const Directive *directive;
        Origin origin;
        Report *report;
        const Specifiers *specifiers;
        /* Called for each value. It takes over the value, also on failure. Returns 0, -E2BIG, reported, or -ENOMEM. */
        int (*emit)(void *userdata, const Value *value);
        void *userdata;
} ValueParser;

/* Parses the right-hand side of an assignment, which is not empty. Emits one value, or one for each item of a list.
 * Returns 0; -EBADMSG or -E2BIG, reported; or -ENOMEM, not reported. */
typedef int (*ValueParse)(ValueParser *p, const char *text);

struct ValueType {
        const char *syntax;         /* shown in the manual */
        ValueParse parse;
        const char *const *choices; /* the words that the type accepts, also for completion; may be NULL */
        int (*names)(char ***words); /* appends further words that depend on the kernel or libraries; 0 or -ENOMEM */
};

extern const ValueType type_addresses, type_architectures, type_bind, type_bitmap, type_boolean, type_capabilities,
        type_command, type_cpu_quota, type_cpu_weight, type_delegate, type_device_allow, type_device_bytes,
        type_device_count, type_device_policy, type_device_weight, type_directive_names, type_environment,
        type_error_number, type_families, type_file, type_flows_max, type_grant, type_kill_mode, type_listen,
        type_load_credential, type_log_denials, type_memory, type_mode, type_namespaces, type_nice, type_oom_policy,
        type_paths, type_peers, type_pool, type_private_users, type_proc_subset, type_program, type_protect_home,
        type_protect_proc, type_read_only_paths, type_resource_limit, type_root, type_set_credential, type_signal,
        type_slice, type_standard_input, type_standard_output, type_string, type_symlink, type_system_calls,
        type_tasks, type_terminal, type_timespan, type_tmpfs, type_unit_names, type_unset_environment, type_user,
        type_variable_names, type_volume, type_weight, type_working_directory;

/* Value.number of type_bind, type_volume and type_grant. For binds and volumes, words holds the source, the
 * destination, and the patterns to hide ("hide=*.key"). The source of a volume is an absolute path or a name. For
 * grants, text is the path. */
enum {
        BIND_READ_ONLY = 1 << 0,
        BIND_NO_RECURSE = 1 << 1,
        BIND_NO_EXEC = 1 << 2,
        BIND_OVERLAY = 1 << 3,
        BIND_IDMAP = 1 << 4,
        BIND_DEVICES = 1 << 5, /* with BIND_READ_ONLY, which keeps the nodes as they are */
};

/* type_peers has a value for each port, which is in number. words[0] is the host. If words[1] is not NULL, the peer
 * leads to this host, at the port in the low 16 bits of number2, or to this socket, or to where this unit listens. */
enum {
        PEER_PORT_MASK = UINT16_MAX,
        PEER_PRIVATE = 1 << 16, /* the name may have addresses of private networks */
        PEER_UNIX = 1 << 17,    /* words[1] is the path of a socket */
        PEER_UDP = 1 << 18,
        PEER_UNIT = 1 << 19,    /* words[1] is a socket unit; low 16 bits: which ListenStream=, or 0: the only one */
        PEER_OF_USER = 1 << 20, /* its manager is the user's, or */
        PEER_OF_SYSTEM = 1 << 21, /* the system's; without both, that of the instance */
};

/* type_listen: words[0] is an address of the host, whose port is in number, or the path of a socket. The port inside is
 * in the low 16 bits of number2. */
enum {
        LISTEN_PORT_MASK = UINT16_MAX,
        LISTEN_PROXY = 1 << 16, /* send the PROXY protocol's header */
        LISTEN_UNIX = 1 << 17,  /* words[0] is a path */
};

/* Directories that a policy stacks for a root. */
enum { ROOT_LAYERS_MAX = 8 };

/* A container image has more: as many as overlayfs stacks (OVL_MAX_STACK). */
enum { IMAGE_LAYERS_MAX = 500 };

#define ROOT_IMAGE_PREFIX "image:"

/* Value.number of type_root. */
enum {
        ROOT_LAYERS, /* words: a path or name for each layer, lowest first */
        ROOT_NONE,   /* only what the policy adds */
        ROOT_IMAGE,  /* words: "image:NAME[:TAG]", a container image of the store (image/store.h); size.number: 0, or
                        the size of the layer in memory for what is written */
};

/* Value.number of type_working_directory. */
enum {
        WORKING_DIRECTORY_PATH,
        WORKING_DIRECTORY_HOME, /* "~" */
};

/* Whether s can be the name of a volume or root: letters, digits, "_", "-" and ".", but not "-" or "." at the start. */
bool volume_name_is_valid(const char *s);

/* The functions below are for the parsers. They return 0; -EBADMSG or -E2BIG, reported; or -ENOMEM, not reported. */

/* Reports an error at the parser's origin and directive. Returns -EBADMSG. */
int value_error(ValueParser *p, const char *format, ...) _printf_(2, 3);

/* Reports the error "not WHAT: "TEXT"". Returns -EBADMSG. */
int value_not(ValueParser *p, const char *what, const char *text);

/* Does the same for a size, with a guess if its unit is wrong ("64MB"). */
int value_not_size(ValueParser *p, const char *what, const char *text);

/* Parses the number of a TCP port. */
int value_port(ValueParser *p, const char *text, uint64_t *ret);

/* Whether this is the name of a unit of systemd. */
bool value_is_unit_name(const char *s);

/* Emits v with a copy of text as v.text. Takes over v.words and v.bitmap, also on failure. */
int value_emit(ValueParser *p, const char *text, Value v);

/* value_expand() replaces the specifiers of text. value_words() splits text into words first. */
int value_words(ValueParser *p, const char *text, char ***ret);
int value_expand(ValueParser *p, const char *text, char **ret);

/* Calls item for each word of text, also after a bad word. Returns the first error. */
int value_each(ValueParser *p, const char *text, int (*item)(ValueParser *p, const char *word));

/* Parses an absolute path without "..", and simplifies it. *ret is on the heap. */
int value_path(ValueParser *p, const char *text, char **ret);

/* Emits a path, which may be preceded by "-". */
int value_path_item(ValueParser *p, const char *word);

/* Parses the options of a volume, separated by commas. Sets and clears BIND_* in *flags, appends patterns to hide
 * ("hide=…") to *words, and sets *size. If an option is unknown, hint ends the message. */
int value_volume_options(ValueParser *p, const char *options, const char *hint, uint64_t *flags, char ***words,
                         Size *size);

/* Parses a list of words, which ~ before the first one inverts. Calls check for each word, and emits those that it
 * accepts. A lone ~ emits one inverted item with an empty text. */
int value_set(ValueParser *p, const char *text, int (*check)(ValueParser *p, const char *word, Value *v));
