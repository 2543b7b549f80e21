// Runs before the first paint, or a page set to dark would flash white. The choice is no secret.
const theme = localStorage.getItem("theme")
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme
