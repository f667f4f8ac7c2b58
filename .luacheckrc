std = "max"
max_line_length = 120
exclude_files = { "build", ".git" }

files["spec"] = { std = "+busted", max_line_length = 140 } -- rows of tables
files["spec/nginx/places.lua"] = { std = "ngx_lua" }
files["examples/nginx"] = { std = "ngx_lua" }
files["examples/sandbox"] = { std = "ngx_lua" }
files["spec/nginx/jobs.lua"] = { std = "ngx_lua" }
files["src/types/library"] = { ignore = { "212", "241" } } -- declarations: nothing is used
files["spec/bench/worker.lua"] = { std = "ngx_lua" }
