/* For every toolchain that can link an object: cc -c policy.S */
#include <isorun/policy.h>
ISORUN_POLICY_FILE("server.conf")
