{
  "includes": ["native/sources.gypi"],
  "targets": [
    {
      "target_name": "sockkit",
      "sources": ["<@(sockkit_sys)", "<@(sockkit_server)", "<@(sockkit_napi)"],
      "include_dirs": ["."],
      "defines": ["<@(sockkit_defines)"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": [
        "<@(sockkit_cflags)",
        "-isystem <!(node -p \"require('path').resolve(require('node-addon-api').include_dir)\")"
      ],
      "conditions": [
        [
          "OS=='linux'",
          { "cflags_cc": ["<@(sockkit_cflags_linux)"], "ldflags": ["<@(sockkit_ldflags)"] }
        ],
        ["OS=='linux' and target_arch=='x64'", { "cflags_cc": ["<@(sockkit_cflags_linux_x64)"] }]
      ]
    }
  ]
}
