import './base.css';
import './review.css';
import './chips.css';
import './datasets.css';
import './notebook.css';
import './passages.css';
import './privacy.css';
import './threads.css';
