;(() => {
  const channels = (color) => (color.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = (color) => {
    const [red, green, blue] = channels(color).map((value) => {
      const share = value / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const backgroundOf = (element) => {
    if (!element) return 'rgb(255, 255, 255)'
    const { backgroundColor } = getComputedStyle(element)
    return channels(backgroundColor)[3] === 0 ? backgroundOf(element.parentElement) : backgroundColor
  }
  return [...document.querySelectorAll('body *:not(svg *)')].flatMap((element) => {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())
    if (!own) return []
    const lights = [luminance(getComputedStyle(element).color), luminance(backgroundOf(element))]
    const ratio = (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05)
    return ratio < 4.5 ? [`${ratio.toFixed(2)}: ${element.textContent.trim().slice(0, 40)}`] : []
  })
})()
