/* Exposes the interfaces of this network namespace to JavaScript, which decides where to attach the XDP program. */
#ifndef QP_LINKS_H
#define QP_LINKS_H

#include <node_api.h>

/** `Addon.links` of addon.ts. */
napi_value qp_read_links(napi_env env, napi_callback_info info);

#endif
