{
  "variables": {
    "sockkit_sys": [
      "native/sys/address.cc",
      "native/sys/arrivals.cc",
      "native/sys/control.cc",
      "native/sys/control_buffer.cc",
      "native/sys/descriptor.cc",
      "native/sys/filter.cc",
      "native/sys/message.cc",
      "native/sys/names.cc",
      "native/sys/packet.cc",
      "native/sys/resolve.cc",
      "native/sys/socket.cc",
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
      "native/napi/sys.cc"
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
    "sockkit_ldflags": [
      "-pthread",
      "-Wl,-z,relro,-z,now",
      "-Wl,-z,noexecstack",
      "-Wl,-z,nodelete"
    ]
  }
}
