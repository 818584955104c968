namespace HubshareDemo.Incidents;

/// <summary>Raises an incident by itself when a measured value is over its limit; never a second one while the last is not closed.</summary>
public sealed class IncidentAlarm(IncidentBoard board, Func<double, FormattableString> title, string severity, double limit)
{
    private string? raised;

    public void Observe(double value)
    {
        if (value > limit && (raised is null || board.IsClosed(raised)))
        {
            raised = board.Create(FormattableString.Invariant(title(value)), severity, "hub").Id;
        }
    }
}
