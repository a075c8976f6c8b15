-- Keys, each of which does what it did before where charwise has nothing to do for it.
local options = require('charwise.options')

local api = vim.api
local M = {}

local ACTIONS = {
  accept = function(charwise) return charwise.accept('all') end,
  accept_word = function(charwise) return charwise.accept('word') end,
  accept_line = function(charwise) return charwise.accept('line') end,
  accept_character = function(charwise) return charwise.accept('character') end,
  accept_confident = function(charwise) return charwise.accept('confident') end,
  unaccept = function(charwise) return charwise.unaccept() end,
  dismiss = function(charwise) return charwise.dismiss() end,
  next = function(charwise) return charwise.next() or true end,
  previous = function(charwise) return charwise.previous() or true end,
  trigger = function(charwise) return charwise.trigger() or true end,
}

-- How the code of a key with Meta, and no other modifier, begins.
local META = vim.keycode('<M-x>'):sub(1, -2)
local ESCAPE = vim.keycode('<Esc>')

local mapped = {} ---@type table<string, string> keys by what they do
local before = {} ---@type table<string, table> mappings that were there

local function feed(keys, mode) api.nvim_feedkeys(keys, mode .. 'i', false) end

-- What an expression mapping gives to type.
local function evaluated(map)
  local found = map.callback and map.callback() or api.nvim_eval(map.rhs)
  return map.replace_keycodes == 1 and vim.keycode(found) or found
end

-- Does what an unmapped key does: with Meta alone <Esc> and the rest, which may be mapped; any other comes after an
-- abbreviation that it ends.
local function feed_unmapped(key)
  local keys = vim.keycode(key)
  if vim.startswith(keys, META) then
    feed(ESCAPE .. keys:sub(#META + 1), 'm')
  else
    feed(vim.keycode('<C-]>') .. keys, 'n')
  end
end

-- Does what the key did before: its mapping, or what it does with none.
local function fall_through(key)
  local map = before[key]
  if not map then
    return feed_unmapped(key)
  end
  local mode = map.noremap == 1 and 'n' or 'm'
  if map.expr == 1 then
    feed(evaluated(map) or '', mode)
  elseif map.callback then
    map.callback()
  else
    feed(vim.keycode(map.rhs), mode)
  end
end

local function unmap()
  for key in pairs(mapped) do
    vim.keymap.del('i', key)
    if before[key] then
      vim.fn.mapset('i', false, before[key])
    end
  end
  mapped, before = {}, {}
end

-- A key's global mapping, also where maparg() finds a buffer's own.
local function global_map(key)
  local found = vim.fn.maparg(key, 'i', false, true)
  if found.buffer == 1 then
    return vim.iter(vim.fn.maplist()):find(function(map)
      return map.buffer == 0 and map.lhsraw == found.lhsraw and map.mode:find('[i!]')
    end)
  end
  return next(found) and found
end

local function map_key(key, name)
  before[key] = global_map(key)
  mapped[key] = name
  vim.keymap.set('i', key, function()
    if not ACTIONS[name](require('charwise')) then
      fall_through(key)
    end
  end, { desc = 'charwise: ' .. name:gsub('_', ' ') })
end

--- Maps the keys of the options, in place of those that were mapped before.
function M.map()
  unmap()
  for name, key in pairs(options.get().keys) do
    if key then
      map_key(key, name)
    end
  end
end

return M
