{
  "targets": [
    {
      "target_name": "quicpipe",
      "sources": ["<!@(ls src/forwarder/native/*.c src/forwarder/native/*/*.c src/xdp/native/*.c src/xdp/native/*/*.c)"],
      "defines": ["_GNU_SOURCE", "NAPI_VERSION=9"],
      "cflags": ["-std=gnu11", "-Wall", "-Wextra", "-fvisibility=hidden"],
    }
  ]
}
