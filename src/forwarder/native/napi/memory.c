#include <malloc.h>
#include <stdlib.h>

#include "handle.h"

static void trim(napi_env env, void *data)
{
  (void)env;
  (void)data;
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

static void forget(napi_env env, napi_status status, void *work)
{
  (void)status;
  napi_delete_async_work(env, *(napi_async_work *)work);
  free(work);
}

napi_value qp_trim_memory(napi_env env, napi_callback_info info)
{
  (void)info;
  napi_async_work *work = malloc(sizeof *work);
  if (!work)
    return qp_undefined(env);
  if (napi_create_async_work(env, NULL, qp_text(env, "quicpipe"), trim, forget, work, work) != napi_ok)
    free(work);
  else if (napi_queue_async_work(env, *work) != napi_ok)
    forget(env, napi_cancelled, work);
  return qp_undefined(env);
}
