/* global charts, outage, uPlot -- the report's page defines them. This file is copied into the page as it is. */
const COLOURS = ['#b5382a', '#b97800', '#1f7a4d', '#2f5fb3'];
const LINEAR = { range: { min: { pad: 0, hard: 0, mode: 1 }, max: { pad: 0.1 } } };

/** A grey band for the time in which Redis was away. */
function shadeOutage(plot) {
  if (!outage) return;
  const [left, right] = [outage.from, outage.to].map((second) => plot.valToPos(second, 'x', true));
  plot.ctx.fillStyle = 'rgba(90, 90, 90, 0.12)';
  plot.ctx.fillRect(left, plot.bbox.top, right - left, plot.bbox.height);
}

function draw({ isLogarithmic, series }, section) {
  const length = Math.max(...series.map(({ values }) => values.length));
  const column = (values) => Array.from({ length }, (_, second) => values[second] ?? null);
  const lines = series.map(({ label }, i) => ({
    label,
    stroke: COLOURS[i % COLOURS.length],
    width: 2,
    points: { show: false },
    value: (_, value) => (value === null || value === undefined ? '–' : value.toFixed(1)),
  }));
  const options = {
    width: section.clientWidth,
    height: 240,
    scales: { x: { time: false }, y: isLogarithmic ? { distr: 3 } : LINEAR },
    axes: [{ label: 'seconds' }, { size: 60 }],
    series: [{ label: 'second' }, ...lines],
    hooks: { drawClear: [shadeOutage] },
  };
  const seconds = Array.from({ length }, (_, second) => second);
  return new uPlot(options, [seconds, ...series.map(({ values }) => column(values))], section);
}

for (const chart of charts) {
  const section = document.getElementById('charts').appendChild(document.createElement('section'));
  const heading = section.appendChild(document.createElement('h2'));
  heading.textContent = `${chart.title}, ${chart.unit}`;
  let plot = draw(chart, section);
  addEventListener('resize', () => {
    plot.destroy();
    plot = draw(chart, section);
  });
}
