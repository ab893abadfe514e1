import './base.css';
import './review.css';
import './chips.css';
import './notebook.css';
import './privacy.css';
import './threads.css';
