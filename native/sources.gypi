{
  "variables": {
    "sockkit_sys": [
      "native/sys/address.cc",
      "native/sys/arrivals.cc",
      "native/sys/constants.cc",
      "native/sys/control.cc",
      "native/sys/control_buffer.cc",
      "native/sys/descriptor.cc",
      "native/sys/filter.cc",
      "native/sys/message.cc",
      "native/sys/names.cc",
      "native/sys/packet.cc",
      "native/sys/resolve.cc",
      "native/sys/shared_output.cc",
      "native/sys/socket.cc",
      "native/sys/trace.cc",
      "native/sys/trace_address.cc",
      "native/sys/trace_control.cc",
      "native/sys/trace_line.cc",
      "native/sys/trace_option.cc",
      "native/sys/trace_output.cc",
      "native/sys/trace_resolver.cc",
      "native/sys/wake.cc"
    ],
    "sockkit_server": [
      "native/server/accept_loop.cc",
      "native/server/blocks.cc",
      "native/server/connection.cc",
      "native/server/drain.cc",
      "native/server/events.cc",
      "native/server/live_text.cc",
      "native/server/message_server.cc",
      "native/server/output.cc",
      "native/server/printing.cc",
      "native/server/readiness.cc",
      "native/server/spool.cc",
      "native/server/stream_connection.cc",
      "native/server/stream_server.cc",
      "native/server/thread.cc",
      "native/server/turns.cc"
    ],
    "sockkit_napi": [
      "native/napi/addon.cc",
      "native/napi/address.cc",
      "native/napi/args.cc",
      "native/napi/batch.cc",
      "native/napi/constants.cc",
      "native/napi/control.cc",
      "native/napi/descriptor.cc",
      "native/napi/getaddrinfo.cc",
      "native/napi/lookup.cc",
      "native/napi/message.cc",
      "native/napi/message_server.cc",
      "native/napi/names.cc",
      "native/napi/readiness.cc",
      "native/napi/small.cc",
      "native/napi/stream_server.cc",
      "native/napi/sys.cc",
      "native/napi/trace.cc"
    ],
    "sockkit_shim": [
      "native/shim/calls.c",
      "native/shim/faults.c",
      "native/shim/log.c",
      "native/shim/memory.c",
      "native/shim/next.c",
      "native/shim/process.c",
      "native/shim/recv.c",
      "native/shim/send.c",
      "native/shim/sockets.c",
      "native/shim/waits.c"
    ],
    "sockkit_shim_cflags": [
      "-std=gnu11",
      "-D_GNU_SOURCE",
      "-O2",
      "-Wall",
      "-Wextra",
      "-Wshadow",
      "-Wvla",
      "-fvisibility=hidden",
      "-fstack-protector-strong"
    ],
    "sockkit_defines": [
      "_GNU_SOURCE",
      "NAPI_VERSION=8",
      "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
      "NODE_ADDON_API_DISABLE_DEPRECATED",
      "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
    ],
    "sockkit_cflags": [
      "-std=c++17",
      "-O2",
      "-Wall",
      "-Wextra",
      "-Wpedantic",
      "-Wshadow",
      "-Wvla",
      "-fno-exceptions",
      "-fno-rtti",
      "-fvisibility=hidden",
      "-fstack-protector-strong"
    ],
    "sockkit_cflags_linux": [
      "-U_FORTIFY_SOURCE",
      "-D_FORTIFY_SOURCE=2",
      "-fstack-clash-protection"
    ],
    "sockkit_cflags_linux_x64": ["-fcf-protection"],
    "sockkit_ldflags": [
      "-pthread",
      "-Wl,-z,relro,-z,now",
      "-Wl,-z,noexecstack",
      "-Wl,-z,nodelete"
    ]
  }
}
