-- Stopwatches within Neovim. Milliseconds.
local M = { along = {}, searched = {}, socket = {}, lsp = {} }

local api, now = vim.api, vim.uv.hrtime
local key_at, drawn, is_within = nil, nil, false

local function since(began) return (now() - began) / 1e6 end

--- Notes from now on how long each key takes until the end of the redraw that shows its ghost text.
function M.watch()
  local ghost, view = require('charwise.ghost'), require('charwise.view')
  local changed, draw = ghost.changed, view.draw
  ghost.changed = function()
    is_within = true
    changed()
    is_within = false
  end
  view.draw = function(...)
    draw(...)
    drawn = drawn or (is_within and 'along' or 'searched')
  end
  vim.on_key(function(_, typed)
    if typed ~= '' then
      key_at, drawn = now(), nil
    end
  end)
  api.nvim_set_decoration_provider(api.nvim_create_namespace('probe'), {
    on_end = function()
      if key_at and drawn then
        table.insert(M[drawn], since(key_at))
        key_at, drawn = nil, nil
      end
    end,
  })
end

-- Puts in a character at the cursor, asks by `ask(done)`, and notes how long the answer takes.
local function time(into, character, ask)
  local at = api.nvim_win_get_cursor(0)
  api.nvim_buf_set_text(0, at[1] - 1, at[2], at[1] - 1, at[2], { character })
  api.nvim_win_set_cursor(0, { at[1], at[2] + 1 })
  local began, is_done = now(), false
  ask(function(err)
    assert(not err, vim.inspect(err))
    table.insert(into, since(began))
    is_done = true
  end)
  assert(vim.wait(5000, function() return is_done end, 1))
end

--- Types a text and asks for a completion after each character, over the daemon's socket.
function M.over_socket(text)
  local daemon, document = require('charwise.daemon'), require('charwise.mirror').of(api.nvim_get_current_buf())
  for character in text:gmatch('.') do
    time(M.socket, character, function(done)
      document:flush()
      local at = api.nvim_win_get_cursor(0)
      local offset = document:offset(at[1] - 1, at[2])
      daemon.request('complete', { document = document:key(), version = document.version, offset = offset }, done)
    end)
  end
end

--- The same over vim.lsp and `charwise lsp`.
function M.over_lsp(text)
  local client = vim.lsp.get_clients({ name = 'charwise' })[1]
  for character in text:gmatch('.') do
    time(M.lsp, character, function(done)
      local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
      params.context = { triggerKind = 2 }
      client:request('textDocument/inlineCompletion', params, done, 0)
    end)
  end
end

return M
