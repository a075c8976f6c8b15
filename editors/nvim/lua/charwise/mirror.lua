-- Buffers as the daemon sees them: the bytes that `:write` would put into the file, and edits of them.
--
-- Neovim tells every change in bytes, whoever makes it. They are only noted as they come, as one region that was
-- replaced, and told when the daemon is next asked: a macro of a thousand changes costs one edit. Neovim counts one byte
-- for a line end; a file of fileformat=dos has two, so rows are counted along.
local daemon = require('charwise.daemon')

local api = vim.api
local M = {}

---@class charwise.Mirror
---@field buf integer
---@field version integer
---@field eol string what ends a line in the file
---@field change table? the region that was replaced since the daemon was told, in Neovim's bytes and rows
local Mirror = {}
Mirror.__index = Mirror

local mirrors = {} ---@type table<integer, charwise.Mirror>

local LINE_ENDS = { dos = '\r\n', mac = '\r', unix = '\n' }

local function size(buf) return api.nvim_buf_get_offset(buf, api.nvim_buf_line_count(buf)) end

-- Whether the file's last line will be ended.
local function ends_last(buf)
  local bo = vim.bo[buf]
  return bo.endofline or (bo.fixendofline and not bo.binary)
end

--- Returns the mirror of a buffer, made where there is none.
---@param buf integer
---@return charwise.Mirror
function M.of(buf)
  if not mirrors[buf] then
    local self = setmetatable({ buf = buf, version = 0, is_stale = true }, Mirror)
    mirrors[buf] = self
    self:_attach()
    self:flush()
  end
  return mirrors[buf]
end

--- Returns the mirror of a buffer that has one.
---@param buf integer
---@return charwise.Mirror?
function M.known(buf) return mirrors[buf] end

--- Forgets a buffer, here and in the daemon.
---@param buf integer
function M.close(buf)
  if mirrors[buf] then
    mirrors[buf] = nil
    daemon.notify('close', { document = tostring(buf) })
  end
end

--- Notes that a buffer must be told anew: its name or its line ends are others.
---@param buf integer
function M.renew(buf)
  if mirrors[buf] then
    mirrors[buf].is_stale = true
  end
end

--- Tells a daemon that has just come all buffers but those that it shall not see any more.
---@param is_refused fun(buf: integer): any
function M.renew_all(is_refused)
  for buf, mirror in pairs(mirrors) do
    if is_refused(buf) then
      mirrors[buf] = nil
    else
      mirror.is_stale = true
      mirror:flush()
    end
  end
end

function Mirror:_attach()
  local function alive() return mirrors[self.buf] == self end
  api.nvim_buf_attach(self.buf, false, {
    on_bytes = function(_, _, _, row, _, start, old_rows, _, old, new_rows, _, new)
      if not alive() then
        return true
      end
      self:_note(row, start, old_rows, old, new_rows, new)
    end,
    on_reload = function() self.is_stale = true end,
    on_detach = vim.schedule_wrap(function()
      if alive() then
        M.close(self.buf)
      end
    end),
  })
end

-- Takes a change into the region: [start, start + old) of what the daemon knows is [start, start + new) now.
function Mirror:_note(row, start, old_rows, old, new_rows, new)
  local c = self.change or { row = row, start = start, old_rows = 0, old = 0, new_rows = 0, new = 0 }
  local known, known_row = c.start + c.new, c.row + c.new_rows
  local stop, stop_row = math.max(known, start + old), math.max(known_row, row + old_rows)
  local first, first_row = math.min(c.start, start), math.min(c.row, row)
  self.change = {
    start = first,
    row = first_row,
    old = c.start + c.old + (stop - known) - first,
    old_rows = c.row + c.old_rows + (stop_row - known_row) - first_row,
    new = stop + new - old - first,
    new_rows = stop_row + new_rows - old_rows - first_row,
  }
end

--- Tells the daemon what has changed. Returns the region, nil where nothing has; `true` where all was told anew.
---@return table|true|nil
function Mirror:flush()
  local change = self.change
  self.change = nil
  if self.is_stale then
    return self:_open()
  end
  if not change then
    return nil
  end
  local length = self.length + change.new - change.old
  local text = length == size(self.buf) and self:_text(change)
  if not text or (not self.ends_last and change.start + change.old >= self.length) then
    return self:_open()
  end
  self.length, self.version = length, self.version + 1
  local wide = #self.eol - 1
  local start = change.start + wide * change.row
  local stop = change.start + change.old + wide * (change.row + change.old_rows)
  daemon.notify('edit', { document = self:key(), changes = { { start, stop, text } }, version = self.version })
  return change
end

--- Returns what the daemon calls the document.
function Mirror:key() return tostring(self.buf) end

--- Returns the daemon's offset of a row and a byte in it.
---@param row integer
---@param column integer
---@return integer
function Mirror:offset(row, column) return api.nvim_buf_get_offset(self.buf, row) + (#self.eol - 1) * row + column end

function Mirror:_open()
  local buf = self.buf
  self.is_stale, self.change = false, nil
  self.eol, self.ends_last, self.length = LINE_ENDS[vim.bo[buf].fileformat], ends_last(buf), size(buf)
  self.version = self.version + 1
  local text = table.concat(api.nvim_buf_get_lines(buf, 0, -1, true), self.eol) .. (self.ends_last and self.eol or '')
  local name = api.nvim_buf_get_name(buf)
  local path = name ~= '' and (vim.uv.fs_realpath(name) or name) or ''
  daemon.notify('open', { document = self:key(), text = text, version = self.version, path = path })
  return true
end

-- The region's text as it is now, nil where the region is not in the buffer.
function Mirror:_text(change)
  local buf, count = self.buf, api.nvim_buf_line_count(self.buf)
  local last = change.row + change.new_rows
  if last > count then
    return nil
  end
  local from = change.start - api.nvim_buf_get_offset(buf, change.row)
  local to = change.start + change.new - api.nvim_buf_get_offset(buf, last)
  if last < count then
    local found, lines = pcall(api.nvim_buf_get_text, buf, change.row, from, last, to, {})
    return found and table.concat(lines, self.eol) or nil
  end
  local lines = api.nvim_buf_get_lines(buf, change.row, -1, true)
  if to ~= 0 or from > #(lines[1] or '') then
    return nil
  end
  lines[1] = lines[1] and lines[1]:sub(from + 1)
  return table.concat(lines, self.eol) .. (lines[1] and self.eol or '')
end

return M
