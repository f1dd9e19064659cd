/* Exposes the demultiplexing rules to JavaScript, so that one table of cases tests them in both languages. */
#ifndef QP_CLASSIFY_H
#define QP_CLASSIFY_H

#include <node_api.h>

/** `Addon.classify` of addon.ts. */
napi_value qp_classify(napi_env env, napi_callback_info info);

#endif
