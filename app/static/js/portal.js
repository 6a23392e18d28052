// The page works without any of this; each module makes one thing quicker.
import "./copier.js";
import "./dialogs.js";
import "./keyboard.js";
import "./menus.js";
import "./themes.js";
import "./toasts.js";
import "./typed.js";
