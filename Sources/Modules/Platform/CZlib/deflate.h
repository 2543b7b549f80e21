// libz: DEFLATE and its containers.
#include <zlib.h>
