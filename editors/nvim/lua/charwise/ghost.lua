-- What is suggested now: asked for at every change with no delay, kept while it is typed, dropped when it is not.
--
-- Text that is shown shrinks in the same tick as the key, before the daemon has answered; the answer is then the rest of
-- the same suggestion. An answer that comes after a further change is dropped.
local daemon = require('charwise.daemon')
local mirror = require('charwise.mirror')
local options = require('charwise.options')
local popup = require('charwise.popup')
local view = require('charwise.view')
local where = require('charwise.where')

local api = vim.api
local M = {}

---@class charwise.Ghost what is shown
---@field buf integer
---@field row integer where its text begins
---@field column integer
---@field eol string
---@field list table[] the daemon's suggestions
---@field index integer the one that is shown
---@field taken integer how many bytes of it are in the buffer by now
---@field answered integer how many were when the daemon was last asked
---@field own integer bytes at its beginning that are the menu's and not the daemon's
---@field word string? the menu's item that it goes on with
---@field alternatives integer that were asked for
local shown = nil ---@type charwise.Ghost?
local asked = 0 ---@type integer the number of the latest question
local pending = nil ---@type integer? its request
local newest = {} ---@type table<integer, integer> the number of each buffer's newest change

local ALTERNATIVES = 3

local function cursor()
  local at = api.nvim_win_get_cursor(0)
  return at[1] - 1, at[2]
end

local function is_inserting() return api.nvim_get_mode().mode:sub(1, 1) == 'i' end

local function now(ghost) return ghost.list[ghost.index] end

--- Returns what is shown and the rest of its text, nil where nothing is.
---@return charwise.Ghost?, string?
function M.shown()
  if shown then
    return shown, now(shown).text:sub(shown.taken + 1)
  end
end

--- Returns how many bytes of the rest come before the first doubtful one.
---@param ghost charwise.Ghost
---@return integer
function M.confident(ghost) return math.max(0, now(ghost).confident - ghost.taken) end

local function draw()
  local ghost, rest = M.shown()
  local row, column = cursor()
  local suggestion = now(ghost)
  local probabilities = vim.list_slice(suggestion.probabilities, ghost.taken + 1)
  view.draw(ghost.buf, row, column, rest, probabilities, M.confident(ghost))
  if suggestion.id and not suggestion.is_told then
    suggestion.is_told = true
    daemon.notify('shown', { suggestion = suggestion.id })
  end
end

--- Shows nothing any more, and wants no answer.
function M.hide()
  asked = asked + 1
  if pending then
    daemon.notify('cancel', { msgid = pending })
    pending = nil
  end
  if shown then
    view.clear(shown.buf)
    shown = nil
  end
end

-- What stands between the place of the suggestion and the cursor, as the daemon has it; nil where that is nothing whole.
local function typed(ghost)
  local row, column = cursor()
  if api.nvim_get_current_buf() ~= ghost.buf or row < ghost.row or (row == ghost.row and column < ghost.column) then
    return nil
  end
  local found, lines = pcall(api.nvim_buf_get_text, ghost.buf, ghost.row, ghost.column, row, column, {})
  return found and table.concat(lines, ghost.eol) or nil
end

--- Takes into account what was typed; returns whether the suggestion goes on with it.
---@return boolean
function M.keep()
  local text, already = shown and now(shown).text, shown and typed(shown)
  if not already or #already >= #text or not vim.startswith(text, already) then
    if shown then
      view.clear(shown.buf)
    end
    shown = nil
    return false
  end
  shown.taken = #already
  return true
end

--- Shows this again, as far as it is not in the buffer, until something is typed.
---@param ghost charwise.Ghost
function M.restore(ghost)
  shown = ghost
  if M.keep() then
    ghost.is_restored = true
    draw()
  end
end

-- Whether a region that was changed lies between the place of the suggestion and the cursor.
local function is_own(change)
  if not shown or change == true then
    return false
  end
  local row, column = cursor()
  local from = api.nvim_buf_get_offset(shown.buf, shown.row) + shown.column
  return change.start >= from and change.start + change.new <= api.nvim_buf_get_offset(shown.buf, row) + column
end

-- Until something is typed, an undone text is at an older change than the newest that was seen.
local function is_after_undo(buf)
  local number = vim.fn.changenr()
  newest[buf] = math.max(newest[buf] or 0, number)
  return number < newest[buf]
end

local function level(buf)
  return vim.bo[buf].expandtab and (' '):rep(vim.fn.shiftwidth()) or '\t'
end

-- The suggestions of an answer, of which each goes on with the menu's item.
local function adopted(suggestions, rest)
  local list = {}
  for _, each in ipairs(suggestions) do
    if rest ~= '' then
      local sure = {}
      for byte = 1, #rest do
        sure[byte] = 1
      end
      each.text, each.confident = rest .. each.text, each.confident + #rest
      each.probabilities = vim.list_extend(sure, each.probabilities)
    end
    list[#list + 1] = each
  end
  return list
end

local function index_of(list, id)
  for index, each in ipairs(list) do
    if each.id == id then
      return index
    end
  end
end

-- Of more than one, the first that says something else than what is shown.
local function another(list, rest)
  for index, each in ipairs(list) do
    if each.text ~= rest then
      return index
    end
  end
  return 1
end

-- The daemon has answered with the rest of what is shown: only how sure it is may be new.
local function refresh(fresh)
  local suggestion, confident = now(shown), fresh.confident + shown.taken
  if confident ~= suggestion.confident then
    suggestion.confident = confident
    draw()
  end
end

local function show(question, list)
  local ghost, rest = M.shown()
  local index = ghost and index_of(list, now(ghost).id)
  if ghost and not question.replaces then -- it was typed along, and so it stays
    return index and list[index].text == rest and refresh(list[index])
  end
  if not list[1] then
    return M.hide()
  end
  shown = {
    buf = question.buf,
    row = question.row,
    column = question.column,
    eol = question.eol,
    list = list,
    index = question.cycles and another(list, rest) or 1,
    taken = 0,
    answered = 0,
    own = #question.rest,
    word = question.word,
    alternatives = question.alternatives,
  }
  draw()
end

local function is_current(question)
  local row, column = cursor()
  return question.number == asked
    and api.nvim_get_current_buf() == question.buf
    and api.nvim_buf_get_changedtick(question.buf) == question.tick
    and row == question.row
    and column == question.column
    and is_inserting()
    and not where.hindrance()
end

local function answered(question, err, result)
  if question.number == asked then
    pending = nil
  end
  if not is_current(question) then
    return
  end
  if err and err.code == 'document' then
    mirror.renew(question.buf)
  end
  if err then
    return M.hide()
  end
  show(question, adopted(result.suggestions, question.rest))
end

-- What the daemon is asked at the cursor, given what is chosen in the menu.
local function question_of(document, trigger, cycles, choice)
  local row, column = cursor()
  asked = asked + 1
  return {
    number = asked,
    buf = document.buf,
    tick = api.nvim_buf_get_changedtick(document.buf),
    row = row,
    column = column,
    eol = document.eol,
    cycles = cycles,
    replaces = trigger == 'invoked',
    alternatives = cycles and ALTERNATIVES or shown and shown.alternatives or 1,
    word = choice and choice.word,
    rest = choice and choice.rest or '',
  }
end

--- Asks what comes next at the cursor. `cycles`: for another than what is shown.
---@param trigger 'automatic'|'invoked'
---@param cycles boolean?
function M.ask(trigger, cycles)
  local choice, chosen = popup.choice(), options.get()
  local gives_way = choice and (choice.word == '' or chosen.popup == 'hide')
  if gives_way or (shown and shown.word ~= (choice and choice.word)) then
    M.hide()
  end
  if gives_way or not is_inserting() or where.hindrance() then
    return
  end
  local document = mirror.of(api.nvim_get_current_buf())
  document:flush()
  local question = question_of(document, trigger, cycles, choice)
  if shown then
    shown.answered = shown.taken
  end
  local instead = question.rest ~= '' and { document:offset(question.row, choice.start), choice.word } or nil
  pending = daemon.request('complete', {
    document = document:key(),
    version = document.version,
    offset = document:offset(question.row, question.column),
    trigger = trigger,
    alternatives = question.alternatives,
    max_characters = chosen.max_characters,
    max_lines = chosen.max_lines,
    indentation = level(document.buf),
    instead = instead,
  }, function(...) answered(question, ...) end)
end

--- Takes in a change of the text: what is shown goes on or goes away at once, and the daemon is asked.
function M.changed()
  local buf = api.nvim_get_current_buf()
  if not is_inserting() or where.hindrance() then
    return M.hide()
  end
  local change = mirror.of(buf):flush()
  if is_after_undo(buf) or (change and not is_own(change)) then
    M.hide()
  elseif M.keep() then
    draw()
  end
  local stays = shown and shown.is_restored
  if stays then
    shown.is_restored = nil
  elseif not is_after_undo(buf) and (options.get().automatic or shown) then
    M.ask('automatic')
  end
end

--- Shows the next (1) or previous (-1) alternative, asking for some where there is one only.
---@param step integer
function M.cycle(step)
  local already = shown and typed(shown)
  if not already or #shown.list < 2 then
    return M.ask('invoked', true)
  end
  repeat
    shown.index = (shown.index - 1 + step) % #shown.list + 1
  until vim.startswith(now(shown).text, already) and #now(shown).text > #already
  draw()
end

--- Dismisses what is shown; returns whether anything was.
---@return boolean
function M.dismiss()
  local ghost = shown
  if not ghost then
    return false
  end
  daemon.notify('rejected', { suggestion = now(ghost).id })
  M.hide()
  return true
end

--- Tells the daemon that so many more bytes of what is shown were accepted.
---@param length integer
function M.accepted(length)
  local ghost = assert(shown)
  local function daemons(bytes) return math.max(0, bytes - ghost.own) end
  local count = daemons(ghost.taken + length) - daemons(ghost.answered)
  if count > 0 then
    daemon.notify('accepted', { suggestion = now(ghost).id, length = count })
  end
end

--- Notes how far a buffer has come, and takes in that its text changed outside of insert mode.
---@param buf integer
function M.seen(buf) is_after_undo(buf) end

return M
